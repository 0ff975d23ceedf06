#ifndef SYMOPT_LIFT_OMP
#define SYMOPT_LIFT_OMP
#include <stddef.h>
#endif
