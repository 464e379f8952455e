"""What a call accepts, and the words of its errors."""
