#define JK_ISA baseline
#include "loops/isa.tpl.h"
