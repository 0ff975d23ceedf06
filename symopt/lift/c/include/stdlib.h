#ifndef SYMOPT_LIFT_STDLIB
#define SYMOPT_LIFT_STDLIB
#include <stddef.h>
#endif
