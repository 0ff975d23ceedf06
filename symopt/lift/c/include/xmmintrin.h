#ifndef SYMOPT_LIFT_XMMINTRIN
#define SYMOPT_LIFT_XMMINTRIN
#include <immintrin.h>
#endif
