// The compiled variants, for the dispatcher.
#ifndef PN_VARIANTS_H
#define PN_VARIANTS_H

#include "CPinionKernels.h"

extern const pn_kernels pn_kernels_portable;
#if defined(__x86_64__)
extern const pn_kernels pn_kernels_avx2;
extern const pn_kernels pn_kernels_avx512;
#endif

#endif
