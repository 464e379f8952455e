#define JK_ISA v4
#include "isa.tpl.h"
