#define JK_ISA v3
#include "loops/isa.tpl.h"
