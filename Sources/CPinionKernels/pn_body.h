// The kernels of one instruction set, over the vector vocabulary of the including file.
#include "pn_traits.h"

#include "pn_math.h"

#include "pn_rows.h"

#include "pn_unpack.h"

#include "pn_matmul.h"

#include "pn_attention.h"

const pn_kernels PN_NAME(kernels) = {
    .name = PN_ISA_NAME,
#define PN_MATMUL_ENTRY(format, kernel, ...) [format] = PN_NAME(matmul_##kernel),
    .matmul = {PN_FORMATS(PN_MATMUL_ENTRY)},
#undef PN_MATMUL_ENTRY
    .quantise = PN_NAME(quantise),
    .rms_norm = PN_NAME(rms_norm),
    .layer_norm = PN_NAME(layer_norm),
    .activate = PN_NAME(activate),
    .soft_cap = PN_NAME(soft_cap),
    .silu_multiply = PN_NAME(silu_multiply),
    .clamped_swiglu = PN_NAME(clamped_swiglu),
    .add = PN_NAME(add),
    .attention_f32 = PN_NAME(attention_f32),
    .attention_f16 = PN_NAME(attention_f16),
    .attention_q8 = PN_NAME(attention_q8),
    .rope = PN_NAME(rope),
    .to_finite = PN_NAME(to_finite),
    .to_half = PN_NAME(to_half),
    .from_half = PN_NAME(from_half),
    .to_q8 = PN_NAME(to_q8),
    .maximum = PN_NAME(maximum),
    .exp_sum = PN_NAME(exp_sum),
};
