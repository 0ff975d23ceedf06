#ifndef SYMOPT_LIFT_STRING
#define SYMOPT_LIFT_STRING
#include <stddef.h>
#endif
