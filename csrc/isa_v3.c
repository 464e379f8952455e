#define JK_ISA v3
#include "isa.tpl.h"
