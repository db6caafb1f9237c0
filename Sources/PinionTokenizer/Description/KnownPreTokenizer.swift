/// The pre-tokenizers that GGUF files call by name (`tokenizer.ggml.pre`).
///
/// Patterns and normalisers are those of the models' own `tokenizer.json`. To add one, add a row to ``rows`` with its
/// names, and to the test that compares it with the reference.
struct KnownPreTokenizer: Sendable {
    var steps: [PreTokenizerStep]
    var normalizer: [NormalizerStep] = []
    /// A piece that is a token as a whole is taken at once, without merging.
    var ignoresMerges = false
    /// Whether prompts begin with the begin token where the file does not say.
    var addsBeginToken = false
    /// The vocabulary is SentencePiece's: characters and `▁`, not the byte-level alphabet.
    var isCharacterLevel = false

    /// Throws `invalid` for a name that is not known.
    static func named(_ name: String) throws(TokenizerError) -> KnownPreTokenizer {
        // Compared as bytes: the name comes from a file.
        let bytes = Array(name.utf8)
        for row in rows where row.names.contains(where: { bytes.elementsEqual($0.utf8) }) { return row.preTokenizer }
        throw TokenizerError(
            .invalid,
            "unsupported pre-tokenizer '\(name.prefix(80))'; expected one of "
                + rows.flatMap(\.names).sorted().joined(separator: ", "))
    }

    /// Every name, for tests.
    static var names: [String] { rows.flatMap(\.names) }

    /// Each set of rules of byte-level pairs once, by the first of its names.
    static var distinct: [(name: String, preTokenizer: KnownPreTokenizer)] {
        rows.filter { !$0.preTokenizer.isCharacterLevel }.map { ($0.names[0], $0.preTokenizer) }
    }

    private struct Row {
        var names: [String]
        var preTokenizer: KnownPreTokenizer

        init(
            _ names: String, _ steps: [PreTokenizerStep], composes: Bool = false, ignoresMerges: Bool = false,
            addsBeginToken: Bool = false, isCharacterLevel: Bool = false
        ) {
            self.names = names.split(separator: " ").map(String.init)
            preTokenizer = KnownPreTokenizer(
                steps: steps, normalizer: composes ? [.form(.composed)] : [], ignoresMerges: ignoresMerges,
                addsBeginToken: addsBeginToken, isCharacterLevel: isCharacterLevel)
        }
    }

    private static let rows: [Row] = wordRows + modernRows + casedRows + chineseRows + otherRows

    /// GPT-2's pattern, alone and after single digits.
    private static let wordRows: [Row] = [
        Row(
            "gpt-2 gpt2 default phi-2 jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe "
                + "gigachat a.x-4.0 mellum exaone4 jais trillion granite-docling",
            words),
        Row("mpt olmo modern-bert", words, composes: true),
        Row("smollm starcoder refact codeshell exaone minerva-7b mellum2", [digits] + words),
        Row("command-r", [digits] + words, composes: true),
        Row(
            "falcon",
            [.split(pattern: #"[\p{P}!-/:-@\[-`{-~]"#, .contiguous)] + words + [
                .split(pattern: #"\p{N}"#, .contiguous), split("[0-9][0-9][0-9]"),
            ]),
        Row(
            "chameleon",
            [
                split("<sentinel:[0-9]+>"), split("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"), split("([\\t\\n]|    |  )"),
                digits, split(#"[\p{P}!-/:-@\[-`{-~]"#),
            ] + words, addsBeginToken: true),
    ]

    /// The pattern of `cl100k` and its kin: Llama 3, Qwen, GLM.
    private static let modernRows: [Row] = [
        Row(
            "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
            cut(modern(numbers: #"\p{N}{1,3}"#)), ignoresMerges: true, addsBeginToken: true),
        Row("dbrx smaug-bpe chatglm-bpe", cut(modern(numbers: #"\p{N}{1,3}"#))),
        Row("glm4 glm5", cut(modern(numbers: #"\p{N}{1,3}"#)), ignoresMerges: true),
        Row("qwen2 deepseek-r1-qwen kormo f2llmv2 megrez", cut(modern(numbers: #"\p{N}"#)), composes: true),
        Row("stablelm2 hunyuan solar-open grok-2", cut(modern(numbers: #"\p{N}"#))),
        Row(
            "qwen35",
            cut(
                contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"# + spaces),
            composes: true),
        Row("ufakzeka", cut(#"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + spaces)),
        Row(
            "seed-coder",
            cut(contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|"# + spaces)),
        Row(
            "bailingmoe bailingmoe2 llada-moe",
            cut(
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"#
                    + #"|\s+(?!\S)|\s+"#)),
        Row(
            "exaone-moe",
            // In their file the words are `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`, which is the same.
            cut(
                contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}[\p{L}\p{M}]*(?: \p{L}[\p{L}\p{M}]*)*|\p{N}"#
                    + #"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"#)),
        Row(
            "jais-2",
            cut(
                contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
                    + [512, 256, 128, 64, 32, 16, 8, 4].map { #"|\s{\#($0)}(?!\S)"# }.joined()
                    + #"|\s{1,2}(?!\S)|\s{1}"#)),
        Row("minicpm5", [split(#"\p{N}{1,3}"#)] + cut(modern(numbers: #"\p{N}+"#)), ignoresMerges: true),
        Row("laguna", [split(#"[^\n]+|[\n]+"#)] + cut(modern(numbers: #"\p{N}"#))),
    ]

    /// Patterns that tell upper from lower case: `o200k`, Tekken and their kin.
    private static let casedRows: [Row] = [
        Row("tekken", cut(cased(suffix: "", numbers: #"\p{N}"#)), ignoresMerges: true, addsBeginToken: true),
        Row(
            "gpt-4o llama4 kanana2 talkie minimax-m2", cut(cased(suffix: contractions + "?", numbers: #"\p{N}{1,3}"#))
        ),
        Row(
            "granite-embed-multi-97m", cut(cased(suffix: contractions + "?", numbers: #"\p{N}{1,3}"#)),
            ignoresMerges: true),
        Row(
            "tiny_aya cohere2moe",
            [.digitGroups(anyNumber: false, needsBoundary: true)]
                + cut(cased(suffix: contractions + "?", numbers: #"\p{N}{1,3}"#))),
        Row(
            "youtu",
            [
                split(
                    #"[\x{AC00}-\x{D7A3}\x{3131}-\x{318E}]+|"#
                        + #"[\x{FF01}\x{2026}\x{201C}\x{201D}\x{2018}\x{2019}\x{2014}\x{FF1A}\x{FF1B}\x{FF0C}"#
                        + #"\x{3001}-\x{303F}\x{FE30}-\x{FE4F}]+|[\x{3105}-\x{312F}]+|"# + ideographs)
            ]
                + cut(cased(suffix: contractions + "?", numbers: #"\p{N}"#)), ignoresMerges: true),
        Row(
            "kimi-k2",
            cut(
                #"[\p{Han}]+|"#
                    + cased(
                        suffix: contractions + "?", numbers: #"\p{N}{1,3}"#, others: #"&&[^\p{Han}]"#, slash: ""))),
    ]

    /// Patterns that cut Chinese and Japanese out first: DeepSeek and its kin.
    private static let chineseRows: [Row] = [
        Row(
            "deepseek-v3 hunyuan-dense joyai-llm hy_v4",
            [
                split(#"\p{N}{1,3}"#), split(ideographs),
                split(asciiWords + #"| ?[\p{P}\p{S}]+[\r\n]*|"# + spaces), plainBytes,
            ]),
        Row(
            "spark2_5",
            [
                split(#"\p{N}{1,3}"#), split(ideographs),
                split(asciiWords + #"| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"#), digits, plainBytes,
            ]),
        Row(
            "deepseek-llm",
            [
                split("[\r\n]"), split(#"\s?["# + casedLetters + "]+"),
                split(#"\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+"#),
                split(#"\s+$"#),
                split(#"[\x{800}-\x{9FA5}\x{AC00}-\x{D7FF}]+"#), digits, plainBytes,
            ]),
        Row(
            "deepseek-coder",
            [
                split("[\r\n]"), split(#"\s?\p{L}+"#), split(#"\s?\p{P}+"#),
                split(#"[\x{800}-\x{9FA5}\x{AC00}-\x{D7FF}]+"#), digits, plainBytes,
            ]),
        Row(
            "afmoe",
            [
                .digitGroups(anyNumber: true, needsBoundary: false),
                split(
                    #"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{8C48}-\x{FAFF}\x{3040}-\x{309F}\x{30A0}-\x{30FF}"#
                        + #"\x{FF65}-\x{FF9F}\x{2F00}-\x{2FDF}\x{E40}-\x{EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}"#
                        + #"\x{AA60}-\x{AA7F}\x{A9E0}-\x{A9FF}\x{AC00}-\x{D7AF}\x{1100}-\x{11FF}]+"#),
                split(asciiWords + #"| ?[\p{P}\p{S}]+[\r\n]*|"# + spaces), plainBytes,
            ]),
    ]

    private static let otherRows: [Row] = [
        Row("poro-chat bloom gpt3-finnish", cut(#" ?[^(\s|.,!?…。，、।۔،)]+"#)),
        Row("viking", [split(#" ?[^(\s|.,!?…。，、।۔،)]+"#), digits, plainBytes]),
        Row("superbpe", [split(#"\p{N}+"#), .digitGroups(anyNumber: false, needsBoundary: false), plainBytes]),
        Row("gemma4 granite-embed-multi-311m", [], addsBeginToken: true, isCharacterLevel: true),
        Row("sarvam-moe", [], isCharacterLevel: true),
    ]

    // MARK: - Parts of patterns

    private static let plainBytes = PreTokenizerStep.byteLevel(addsPrefixSpace: false, usesPattern: false)
    private static let words = [PreTokenizerStep.byteLevel(addsPrefixSpace: false, usesPattern: true)]
    private static let digits = split(#"\p{N}"#)
    private static let contractions = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
    private static let spaces = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let ideographs = #"[\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+"#
    private static let asciiWords =
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
    /// The letters that have case, as DeepSeek's first file lists them.
    private static let casedLetters =
        #"A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}"#
        + #"\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}"#
        + #"\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}"#
        + #"\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}"#
        + #"\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}"#
        + #"\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}"#
        + #"\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}"#
        + #"\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}"#
        + #"\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}"#
        + #"\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}"#
        + #"\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}"#
        + #"\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}"#
        + #"\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}"#
        + #"\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}"#

    private static func split(_ pattern: String) -> PreTokenizerStep { .split(pattern: pattern, .isolated) }

    private static func cut(_ pattern: String) -> [PreTokenizerStep] { [split(pattern), plainBytes] }

    private static func modern(numbers: String) -> String {
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + spaces
    }

    /// - Parameter others: a further condition on the letters of a word.
    private static func cased(suffix: String, numbers: String, others: String = "", slash: String = "/") -> String {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"# + others + "]"
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}"# + others + "]"
        let opening = #"[^\r\n\p{L}\p{N}]?"#
        return opening + upper + "*" + lower + "+" + suffix + "|" + opening + upper + "+" + lower + "*" + suffix + "|"
            + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n"# + slash + "]*|" + spaces
    }
}
