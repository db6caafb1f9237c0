/// The scalar sets behind `\p{…}`, `\s`, `\d` and `\w`, taken once from the standard library's Unicode tables.
///
/// The Unicode version is the standard library's own. Scalars assigned after the version another implementation was
/// built with are therefore classed differently there; no attempt is made to imitate older tables.
enum UnicodeClasses {
    /// `\s`: the White_Space property.
    static let whitespace = ScalarSet(
        categories(["Z"]).ranges + [0x09...0x0D, 0x85...0x85])
    /// `\d`: general category Nd.
    static let digit = categories(["Nd"])
    /// `\w`: letters, marks, decimal digits and connector punctuation.
    static let word = categories(["L", "M", "Nd", "Pc"])

    /// ECMA's `\d` and `\w`.
    static let asciiDigit = ScalarSet([0x30...0x39])
    static let asciiWord = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// What ECMA's `.` does not match.
    static let ecmaLineTerminators = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
    /// ECMA's `\s`: its white space and line terminators, with U+FEFF and without U+0085.
    static let ecmaWhitespace = ScalarSet(
        spaceSeparators.ranges + [0x09...0x0D, 0xFEFF...0xFEFF, 0x2028...0x2029])
    /// General category Zs, written out: the categories of all scalars take tens of milliseconds to gather, which the first
    /// schema with `\s` in a pattern would wait for.
    static let spaceSeparators = ScalarSet([
        0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ])

    /// Python's `\s`: white space and the separators U+001C to U+001F.
    static let pythonWhitespace = ScalarSet(whitespace.ranges + [0x1C...0x1F])

    /// The set of a general category, by short name (`Lu`, `L`), long name (`Uppercase_Letter`), `LC`, `Any` or `ASCII`.
    ///
    /// Scripts in ``ScriptRanges`` and ``BinaryProperties`` are known too. Case, spaces, `_` and `-` in the name do not
    /// count. Returns nil for anything else.
    static func named(_ name: String) -> ScalarSet? {
        var key = String(
            String.UnicodeScalarView(name.unicodeScalars.filter { $0 != "_" && $0 != " " && $0 != "-" })
        ).lowercased()
        for prefix in ["generalcategory=", "gc=", "script=", "sc="] where key.hasPrefix(prefix) {
            key = String(key.dropFirst(prefix.count))
        }
        if let set = BinaryProperties.set(named: key) { return set }
        return setsByName[longNames[key] ?? key] ?? ScriptRanges.byName[key].map { ScalarSet($0) }
    }

    /// The union of categories named by their short or one-letter names.
    private static func categories(_ names: [String]) -> ScalarSet {
        ScalarSet(names.flatMap { setsByName[$0.lowercased()]?.ranges ?? [] })
    }

    /// Keyed by lower-case short names: each category, each one-letter union, and the few sets that are neither.
    private static let setsByName: [String: ScalarSet] = {
        var members: [String: [ClosedRange<UInt32>]] = ["cs": []]
        for (category, ranges) in rangesByCategory {
            let name = category.lowercased()
            members[name, default: []] += ranges
            members[String(name.prefix(1)), default: []] += ranges
            if ["lu", "ll", "lt"].contains(name) { members["lc", default: []] += ranges }
        }
        var sets = members.mapValues { ScalarSet($0) }
        sets["l&"] = sets["lc"]
        sets["any"] = .all
        sets["ascii"] = ScalarSet([0...0x7F])
        return sets
    }()

    private static let rangesByCategory: [String: [ClosedRange<UInt32>]] = {
        var found: [String: [ClosedRange<UInt32>]] = [:]
        var start: UInt32 = 0
        var current: Unicode.GeneralCategory?
        func close(before end: UInt32) {
            if let current, end > start { found[shortName(current), default: []].append(start...end - 1) }
        }
        for value in UInt32(0)...0x10FFFF {
            let category = Unicode.Scalar(value)?.properties.generalCategory
            if category != current {
                close(before: value)
                start = value
                current = category
            }
        }
        close(before: 0x110000)
        return found
    }()

    private static func shortName(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }

    private static let longNames: [String: String] = [
        "letter": "l", "mark": "m", "number": "n", "punctuation": "p", "punct": "p", "symbol": "s", "separator": "z",
        "other": "c", "uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt",
        "modifierletter": "lm", "otherletter": "lo", "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
        "decimalnumber": "nd", "digit": "nd", "cntrl": "cc", "combiningmark": "m", "letternumber": "nl",
        "othernumber": "no", "connectorpunctuation": "pc",
        "dashpunctuation": "pd", "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi",
        "finalpunctuation": "pf", "otherpunctuation": "po", "mathsymbol": "sm", "currencysymbol": "sc",
        "modifiersymbol": "sk", "othersymbol": "so", "spaceseparator": "zs", "lineseparator": "zl",
        "paragraphseparator": "zp", "control": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co",
        "unassigned": "cn", "casedletter": "lc",
    ]
}
