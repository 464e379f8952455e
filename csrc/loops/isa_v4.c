#define JK_ISA v4
#include "loops/isa.tpl.h"
