// The compiled variants, for the dispatcher.
#ifndef PN_VARIANTS_H
#define PN_VARIANTS_H

#include "CPinionKernels.h"

extern const pn_kernels pn_kernels_portable;
#if defined(__x86_64__)
extern const pn_kernels pn_kernels_avx2;
extern const pn_kernels pn_kernels_avx512;
#elif defined(__aarch64__)
extern const pn_kernels pn_kernels_neon;
#endif

/// For loops of constant length over values that must stay in registers.
#if defined(__clang__)
#define PN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PN_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
