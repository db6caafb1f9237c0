/// What a chat template made of a conversation: text, and which of it the template wrote.
///
/// Plain bytes and ranges, so that a tokenizer needs to know nothing of templates, nor a template of tokenizers.
package struct RenderedPrompt: Sendable, Equatable {
    /// The prompt as UTF-8.
    package var text: [UInt8]
    /// Bytes of ``text`` that the template wrote, ascending and apart: only there may special tokens be recognised. All
    /// other text came from the request, or was computed from something that did.
    package var templateRanges: [Range<Int>]

    init(_ spans: [TextSpan]) {
        text = []
        text.reserveCapacity(spans.reduce(0) { $0 + $1.text.utf8.count })
        templateRanges = []
        for span in spans {
            let start = text.count
            text.append(contentsOf: span.text.utf8)
            guard span.origin == .template, text.count > start else { continue }
            if let last = templateRanges.last, last.upperBound == start {
                templateRanges[templateRanges.count - 1] = last.lowerBound..<text.count
            } else {
                templateRanges.append(start..<text.count)
            }
        }
    }

    /// The text in pieces that differ in origin from their neighbours, none of them empty.
    package var spans: [TextSpan] {
        var spans: [TextSpan] = []
        var position = 0
        func append(to end: Int, _ origin: TextSpan.Origin) {
            guard end > position else { return }
            spans.append(TextSpan(String(decoding: text[position..<end], as: UTF8.self), origin: origin))
            position = end
        }
        for range in templateRanges {
            append(to: range.lowerBound, .request)
            append(to: range.upperBound, .template)
        }
        append(to: text.count, .request)
        return spans
    }
}
