"""The binding: arrays to views, one C call, a status to an exception.  It is compiled to `jackern._core`."""
