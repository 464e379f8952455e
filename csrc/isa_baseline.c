#define JK_ISA baseline
#include "isa.tpl.h"
