// The innermost loops of Pinion, and the table through which everything else reaches them.
//
// Every kernel exists once per instruction set, as pn_<operation>_<format>_<isa>, all compiled from the same bodies
// (pn_rows.h, pn_unpack.h, pn_matmul.h, pn_attention.h) over a small vector vocabulary (pn_vec_<isa>.h). Each variant performs the
// same floating-point operations in the same order, so all of them give bit-identical results; the portable one is the
// reference.
//
// Packed weights. A matrix of [rows, columns] is stored as row groups of 16 rows (the last one padded with zeros), so
// that one register holds 4 columns of 16 rows: byte [4 * row + j] is column 4 * step + j of that row. A group is a
// sequence of units, read front to back in one stream. A float format's unit is one column of 16 rows. A quantised
// format's unit (pn_layout) is the quants of its blocks of 32 columns and then their scales. The quants of a block are
// as many registers as a quant has bits. Of 8 bits each register is a step. Otherwise byte [4 * row + j] of a register holds
// bits of several steps' column 4 * step + j, so that most steps are one shift and one mask away:
// - 2 bits: register 0 has steps 0-3 at bits 0, 2, 4 and 6, register 1 has steps 4-7
// - 3 bits: register i has step 2 i at bit 0 and step 2 i + 1 at bit 3; steps 6 and 7 have their low two bits at bit 6 of
//   registers 0 and 1, and the third at bits 6 and 7 of register 2
// - 4 bits: register i has step i at bit 0 and step 4 + i at bit 4
// - 5 bits: register i has step i at bit 0; at bit 5 of registers 0, 2 and 4 are the low three bits of steps 5, 6 and 7, at
//   bit 5 of registers 1 and 3 the other two of steps 5 and 6, at their bit 7 the fourth and the fifth of step 7
// - 6 bits: a half has registers of its own: register i has step i at bit 0, and at bit 6 two bits of step 3
// How the scales and minima follow is pn_scaling.
#ifndef CPINIONKERNELS_H
#define CPINIONKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "pn_codebooks.h"
#include "pn_formats.h"

/// Counts the changes after which the same weights and tokens give other bits. Whoever makes such a change raises it, so
/// that `system_fingerprint` tells it. 2: the halves of a block that have scales of their own (Q6_K) are added up before
/// the activations' scale. 3: in Q2_K the scales of halves multiply whole numbers, and the scale of 8 blocks multiplies
/// their sum once.
#define PN_ARITHMETIC_REVISION 3

/// Rows of weights interleaved in one group: the lanes of one vector.
#define PN_GROUP_ROWS 16
/// Columns that share one scale, in every quantised format and in quantised activations.
#define PN_BLOCK_COLUMNS 32
/// Tokens in one block of the KV cache: the lanes of one vector of scores.
#define PN_CACHE_BLOCK_TOKENS 16
/// The widest attention head the attention kernel has room for.
#define PN_MAX_HEAD_DIM 512

/// The largest magnitude that a byte of 127 and a scale hold, which is a half.
#define PN_Q8_LARGEST (127 * 65504.0f)
/// The scale of a group of bytes that would hold NaN.
#define PN_HALF_NAN 0x7e00

/// Tokens whose activations lie interleaved, block by block.
#define PN_TILE_TOKENS 8

/// An activation that exceeds this times its row's root mean square is an outlier and is not rounded.
///
/// A few columns of a transformer's activations are far larger than the rest, and the one scale of their block would
/// round its other columns away. Taken out and multiplied as floats they cost a few operations each: on SmolLM2 there are
/// 2 in a row of 576 and 4 in one of 1,536, and the most likely token agrees with float activations at 98 % of
/// positions (98.0 to 98.6 by the threshold) instead of 96.0 %. A second byte per column in such blocks, measured before,
/// gave 98.3 % for a tenth more dot products.
/// Anything from 5 to 7.6 serves as well by perplexity and agreement. Whether a long greedy text equals the oracle's to the
/// last token is decided where its two best logits are 0.01 to 0.05 apart, and changes with every such constant; this one
/// keeps 8 of the 10 reference replies.
#define PN_OUTLIER_THRESHOLD 5.97f
/// A row whose mean square is below this has no outliers.
#define PN_LEAST_MEAN_SQUARE 1e-30f
/// At most this many of `columns` squares can each exceed 35 times their mean, in each of 8 tokens.
static inline size_t pn_outlier_capacity(size_t columns) { return (columns / 35 + 1) * PN_TILE_TOKENS; }
/// A block whose largest activation is below this is rounded to zeros: 127 divided by it would leave the floats.
#define PN_LEAST_ACTIVATION 1e-35f

/// Activations rounded to signed bytes, 32 columns to a scale, 8 tokens interleaved.
///
/// x = scale * quant, except in the outlier columns, whose quant is 0. A block that holds infinity or NaN has the scale NaN
/// and quants of 0, so that every output of its token becomes NaN and the sampler can tell: rounded like a number, NaN
/// would become -128 times the scale, which is plausible and wrong. Weights are finite, so that a neighbour's outlier
/// column, which adds weight times 0 to this token, changes nothing.
///
/// Arrays of [tokens / 8, blocks, 8] hold token t's
/// value of block b at ((t / 8) * blocks + b) * 8 + t % 8.
typedef struct pn_quantised {
    size_t blocks;
    /// [tokens / 8, blocks, 8, 32]
    int8_t *quants;
    /// [tokens / 8, blocks, 8]
    float *scales;
    /// [tokens / 8, blocks, 8]: scale times the sum of the block's quants
    float *scaled_sums;
    /// [tokens / 8, blocks, 2, 8]: the sums of the first and the last 16 quants, negated
    int32_t *minus_sums;
    /// [tokens / 8]: columns in which any of the 8 tokens has an outlier; tokens mostly have theirs in the same ones
    int32_t *outliers;
    /// [tokens / 8, pn_outlier_capacity(columns)], ascending
    int32_t *outlier_columns;
    /// [tokens / 8, pn_outlier_capacity(columns), 8]: 0 where a token has none
    float *outlier_values;
} pn_quantised;

/// One product: out[t, r] = sum over c of weights[r, c] * x[t, c].
typedef struct pn_matmul {
    /// Packed row groups, 64-byte aligned.
    const uint8_t *weights;
    size_t group_bytes;
    size_t columns;
    /// [tokens, columns] for float formats; token rows are `x_stride` floats apart.
    const float *x;
    size_t x_stride;
    /// For quantised formats.
    pn_quantised q;
    size_t tokens;
    /// [tokens, out_stride]; out_stride covers the padded rows.
    float *out;
    size_t out_stride;
} pn_matmul;

/// The attention of consecutive tokens of one sequence over one KV head's cache.
typedef struct pn_attention {
    /// [tokens, heads, head_dim]: the query heads that share this KV head; token rows are `query_stride` floats apart.
    const float *queries;
    size_t query_stride;
    size_t tokens;
    size_t heads;
    size_t head_dim;
    /// Start of this layer's and head's keys in block 0: floats, halves or signed bytes, [head_dim][16 tokens] in each
    /// block.
    const void *keys;
    /// Start of this layer's and head's values in block 0: the same type, [16 tokens][head_dim rounded up to 16] in each
    /// block. Floats and halves are finite wherever a token of the call may look.
    const void *values;
    /// With bytes only: the scales of the keys and of the values in block 0, halves, for each 32 dimensions, the last few
    /// included, [(head_dim + 31) / 32][16 tokens] in each block.
    const uint16_t *key_scales;
    const uint16_t *value_scales;
    /// Bytes from one block to the next, for all four; even, and with floats a multiple of 4.
    size_t block_stride;
    /// Block of the cache for each 16 tokens of the sequence.
    const int32_t *table;
    /// Tokens that the first token attends to, itself included; each next token attends to one more.
    size_t length;
    float scale;
    /// Tokens that a query attends to at most, its own and those right before it; 0 for all.
    size_t window;
    /// Scores s become soft_cap * tanh(s / soft_cap); 0 leaves them.
    float soft_cap;
    /// [heads]: the attention sink of each head, a score whose value vector is 0. Negative infinity counts as the least
    /// float; NULL for none.
    const float *sinks;
    /// [tokens, heads, head_dim]; token rows are `out_stride` floats apart.
    float *out;
    size_t out_stride;
} pn_attention;

/// What stands between the two products of a feed-forward block.
typedef enum pn_activation {
    PN_SILU,
    /// x times the normal distribution's cumulative function at x
    PN_GELU,
    /// its approximation by a hyperbolic tangent
    PN_GELU_TANH,
} pn_activation;

/// Computes `group_count` row groups of a product from `first_group` on.
typedef void pn_matmul_kernel(const pn_matmul *m, size_t first_group, size_t group_count);

/// The kernels of one instruction set.
typedef struct pn_kernels {
    const char *name;
    /// By pn_format.
    pn_matmul_kernel *matmul[PN_FORMAT_COUNT];
    /// x[count, blocks * 32] -> the places of `count` tokens from `token` on, which is a multiple of 8; count <= 8.
    void (*quantise)(const float *x, const pn_quantised *q, size_t token, size_t count);
    /// out = x / sqrt(mean(x^2) + epsilon) * weight
    void (*rms_norm)(const float *x, const float *weight, size_t columns, float epsilon, float *out);
    /// out = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight + bias
    void (*layer_norm)(const float *x, const float *weight, const float *bias, size_t columns, float epsilon, float *out);
    /// out = activation(gate) * up, or activation(gate) where `up` is NULL; `out` may be `gate`
    void (*activate)(pn_activation kind, const float *gate, const float *up, size_t columns, float *out);
    /// x = cap * tanh(x / cap)
    void (*soft_cap)(float *x, size_t columns, float cap);
    /// out = gate * sigmoid(gate) * up
    void (*silu_multiply)(const float *gate, const float *up, size_t columns, float *out);
    /// out = g * sigmoid(slope * g) * (u + 1), where g is `gate` up to `limit`, and u is `up` within -limit...limit
    void (*clamped_swiglu)(const float *gate, const float *up, size_t columns, float slope, float limit, float *out);
    /// x += y
    void (*add)(float *x, const float *y, size_t columns);
    /// softmax(queries * keys * scale) * values, by chunks of tokens in order (online softmax).
    void (*attention_f32)(const pn_attention *a);
    /// The same over keys and values of halves.
    void (*attention_f16)(const pn_attention *a);
    /// The same over keys and values of scale * byte.
    void (*attention_q8)(const pn_attention *a);
    /// Turns pairs of each head's elements by angles given as cosines and sines [pairs]; element i of a pair is at
    /// i * step, its partner `distance` further.
    void (*rope)(float *x, size_t heads, size_t head_dim, size_t pairs, size_t step, size_t distance, const float *cosines,
        const float *sines);
    /// Floats as they are, but what is infinite becomes the largest number; NaN stays.
    void (*to_finite)(const float *x, size_t count, float *out);
    /// Floats to halves, round to nearest even; what exceeds a half's range becomes its largest number.
    void (*to_half)(const float *x, size_t count, uint16_t *out);
    /// Halves to floats.
    void (*from_half)(const uint16_t *x, size_t count, float *out);
    /// Floats to signed bytes in -127...127 and one scale, a half, for each 32 of them or the last few.
    ///
    /// |x - scale * byte| is at most half the scale, which is the largest magnitude / 127 * (1 + 2^-10) + 2^-24 at most.
    /// What exceeds PN_Q8_LARGEST becomes that; a group with NaN gets the scale PN_HALF_NAN.
    void (*to_q8)(const float *x, size_t count, int8_t *quants, uint16_t *scales);
    /// max over x, numbers only; -infinity where there is none
    float (*maximum)(const float *x, size_t count);
    /// sum of exp((x - shift) * factor), written to `out` as well; `out` may be `x`
    float (*exp_sum)(const float *x, size_t count, float shift, float factor, float *out);
} pn_kernels;

/// The kernels called `name` ("avx512", "avx2", "neon", "portable"), or NULL if unknown or not for this machine.
const pn_kernels *pn_kernels_named(const char *name);

/// The fastest kernels that this machine runs.
const pn_kernels *pn_kernels_best(void);

/// The product of a format; Swift sees the table's array as a tuple, which it cannot index.
static inline pn_matmul_kernel *pn_matmul_of_format(const pn_kernels *kernels, pn_format format) {
    return kernels->matmul[format];
}

/// Tells the core that this is a spinning wait.
static inline void pn_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
