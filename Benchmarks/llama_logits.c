/// Writes the logits that llama.cpp computes for given tokens, by teacher forcing.
///
///     llama_logits MODEL.gguf default|exact < tokens > logits
///
/// The tokens are int32 on standard input, the logits float32 on standard output: [tokens, vocabulary], in the
/// machine's byte order. "default" is llama.cpp as it starts: flash attention, which computes in F16, and a KV cache in
/// F16. "exact" is attention and cache in F32. The cache's type alone does not tell them apart: flash attention rounds
/// queries and keys to F16 whatever the cache holds.
/// kl_by_teacher_forcing.py builds and runs it.

#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TOKENS = 1024, THREADS = 2 };

static void fail(const char *what) {
    fprintf(stderr, "llama_logits: %s\n", what);
    exit(1);
}

/// Only errors: the loader tells of every tensor otherwise.
static void log_problems(enum ggml_log_level level, const char *text, void *unused) {
    (void)unused;
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

int main(int count, char **arguments) {
    if (count != 3) fail("usage: llama_logits MODEL.gguf default|exact < tokens > logits");
    const bool exact = strcmp(arguments[2], "exact") == 0;
    if (!exact && strcmp(arguments[2], "default") != 0) fail("the second argument is neither default nor exact");
    static llama_token tokens[MOST_TOKENS];
    const size_t length = fread(tokens, sizeof tokens[0], MOST_TOKENS, stdin);
    if (length == 0) fail("no tokens");
    if (length == MOST_TOKENS && getchar() != EOF) fail("more tokens than the context holds");

    llama_log_set(log_problems, NULL);
    llama_backend_init();
    struct llama_model *model = llama_model_load_from_file(arguments[1], llama_model_default_params());
    if (model == NULL) fail("the model does not load");
    struct llama_context_params settings = llama_context_default_params();
    // One micro-batch holds the whole text, so that every row comes from one call.
    settings.n_ctx = settings.n_batch = settings.n_ubatch = MOST_TOKENS;
    settings.n_threads = settings.n_threads_batch = THREADS;
    if (exact) {
        settings.type_k = settings.type_v = GGML_TYPE_F32;
        settings.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    }
    struct llama_context *context = llama_init_from_model(model, settings);
    if (context == NULL) fail("no context");

    struct llama_batch batch = llama_batch_init((int32_t)length, 0, 1);
    batch.n_tokens = (int32_t)length;
    for (size_t i = 0; i < length; i++) {
        batch.token[i] = tokens[i];
        batch.pos[i] = (llama_pos)i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = true;
    }
    if (llama_decode(context, batch) != 0) fail("decoding failed");
    const size_t vocabulary = (size_t)llama_vocab_n_tokens(llama_model_get_vocab(model));
    for (size_t i = 0; i < length; i++) {
        const float *row = llama_get_logits_ith(context, (int32_t)i);
        if (fwrite(row, sizeof(float), vocabulary, stdout) != vocabulary) fail("the logits cannot be written");
    }
    return 0;
}
