/// Changes of case. Each scalar is mapped by itself, so results keep the origins of their scalars.
extension TemplateString {
    private enum CaseMapping: Hashable { case upper, lower, title, none }

    /// Mappings looked up already: looking one up takes far longer than finding it again.
    private struct Mapper {
        private struct Key: Hashable {
            let scalar: Unicode.Scalar
            let mapping: CaseMapping
        }

        private var known: [Key: [Unicode.Scalar]] = [:]

        mutating func map(_ scalar: Unicode.Scalar, _ mapping: CaseMapping) -> [Unicode.Scalar] {
            let key = Key(scalar: scalar, mapping: mapping)
            if let result = known[key] { return result }
            let text =
                switch mapping {
                case .upper: scalar.properties.uppercaseMapping
                case .lower: scalar.properties.lowercaseMapping
                case .title: scalar.properties.titlecaseMapping
                case .none: String(scalar)
                }
            let result = Array(text.unicodeScalars)
            known[key] = result
            return result
        }
    }

    /// Maps the scalar at each place as `choose` says.
    private func mapped(_ choose: (Int, Unicode.Scalar) -> CaseMapping) -> TemplateString {
        var result = TemplateString()
        var mapper = Mapper()
        var place = 0
        for run in runs {
            var piece: [Unicode.Scalar] = []
            piece.reserveCapacity(run.end - place)
            while place < run.end {
                let scalar = scalars[place]
                let mapping = choose(place, scalar)
                if mapping == .none {
                    piece.append(scalar)
                } else if scalar.isASCII {
                    piece.append(mapping == .lower ? scalar.asciiLowercased : scalar.asciiUppercased)
                } else if mapping == .lower, scalar == "\u{3A3}" {
                    piece.append(endsWord(place) ? "\u{3C2}" : "\u{3C3}")
                } else {
                    piece.append(contentsOf: mapper.map(scalar, mapping))
                }
                place += 1
            }
            result.append(piece, origin: run.origin)
        }
        return result
    }

    /// Whether a Greek capital sigma at a place becomes the final form.
    private func endsWord(_ place: Int) -> Bool {
        let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }

    func uppercased() -> TemplateString { mapped { _, _ in .upper } }

    func lowercased() -> TemplateString { mapped { _, _ in .lower } }

    /// Python's `capitalize`: the first scalar in title case, the rest in lower case.
    func capitalized() -> TemplateString { mapped { place, _ in place == 0 ? .title : .lower } }

    /// Python's `title`: every run of cased scalars capitalized.
    func titlecased() -> TemplateString {
        var followsCased = false
        return mapped { _, scalar in
            defer { followsCased = scalar.isCased }
            return followsCased ? .lower : .title
        }
    }

    /// Jinja2's `title`: words begin after white space and any of `-([{<`.
    func titlecasedWords() -> TemplateString {
        var beginsWord = true
        return mapped { _, scalar in
            switch scalar {
            case "-", "(", "[", "{", "<":
                beginsWord = true
                return .none
            default:
                if scalar.isPythonSpace {
                    beginsWord = true
                    return .none
                }
                defer { beginsWord = false }
                return beginsWord ? .upper : .lower
            }
        }
    }

    func swappedCase() -> TemplateString {
        mapped { _, scalar in
            scalar.properties.isUppercase ? .lower : scalar.properties.isLowercase ? .upper : .none
        }
    }

    /// Whether there are cased scalars and all of them are of the wanted case.
    func isAll(upper: Bool) -> Bool {
        var hasCased = false
        for scalar in scalars {
            let properties = scalar.properties
            if upper ? properties.isLowercase : properties.isUppercase { return false }
            if properties.generalCategory == .titlecaseLetter { return false }
            if upper ? properties.isUppercase : properties.isLowercase { hasCased = true }
        }
        return hasCased
    }
}

extension Unicode.Scalar {
    var isASCIILower: Bool { value >= 0x61 && value <= 0x7A }
    var isASCIIUpper: Bool { value >= 0x41 && value <= 0x5A }

    fileprivate var asciiLowercased: Unicode.Scalar { isASCIIUpper ? Unicode.Scalar(value + 32) ?? self : self }
    fileprivate var asciiUppercased: Unicode.Scalar { isASCIILower ? Unicode.Scalar(value - 32) ?? self : self }
    fileprivate var isCased: Bool { isASCII ? isASCIILower || isASCIIUpper : properties.isCased }
}
