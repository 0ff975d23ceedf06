#ifndef SYMOPT_LIFT_X86INTRIN
#define SYMOPT_LIFT_X86INTRIN
#include <immintrin.h>
#endif
