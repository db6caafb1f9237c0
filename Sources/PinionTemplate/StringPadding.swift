/// Python's methods of `str` that fill a text up to a width: `zfill`, `center`, `ljust` and `rjust`.
enum StringPadding {
    /// Calls a method with a template's arguments.
    static func call(
        _ name: TemplateName, on text: TemplateString, _ arguments: CallArguments, _ interpreter: Interpreter
    ) throws(TemplateError) -> TemplateString {
        let bound = try arguments.bind("\(name)()", name == "zfill" ? ["width"] : ["width", "fillchar"], required: 1)
        let width = try bound.integer(0) ?? 0
        if name == "zfill" {
            let missing = max(0, width.subtractingReportingOverflow(text.count).partialValue)
            guard width > text.count else { return text }
            try interpreter.charge(text: width)
            let hasSign = text.scalars.first == "-" || text.scalars.first == "+"
            var result = text.slice(0..<(hasSign ? 1 : 0))
            result.append(repeatElement("0", count: missing), origin: text.hasRequestContent ? .request : .template)
            result.append(text.slice((hasSign ? 1 : 0)..<text.count))
            return result
        }
        let fill = try bound.string(1) ?? TemplateString(" ", origin: .template)
        guard fill.count == 1 else { throw Interpreter.fail("\(name)(): the fill character must be one character") }
        guard width > text.count else { return text }
        try interpreter.charge(text: width)
        return padded(text, to: width, with: fill, name)
    }

    /// Fills a text up with one character.
    ///
    /// - Parameter name: The method, by which the text stands on the left, in the middle or on the right.
    static func padded(
        _ text: TemplateString, to width: Int, with fill: TemplateString, _ name: TemplateName
    ) -> TemplateString {
        let missing = max(0, width - text.count)
        let left =
            switch name {
            case "rjust": missing
            // Python puts the odd space on the left if the width is odd as well.
            case "center": missing / 2 + (missing & width & 1)
            default: 0
            }
        let origin: TextSpan.Origin = fill.hasRequestContent ? .request : .template
        var result = TemplateString()
        result.append(repeatElement(fill.scalars[0], count: left), origin: origin)
        result.append(text)
        result.append(repeatElement(fill.scalars[0], count: missing - left), origin: origin)
        return result
    }
}
