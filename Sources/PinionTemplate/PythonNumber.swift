import Foundation

/// Python's spelling of floating-point numbers.
enum PythonFloat {
    /// The shortest text that reads back as the value; an exponent below 1e-4 and from 1e16 on.
    static func repr(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let (digits, exponent) = decimal(abs(value))
        let sign = value.sign == .minus ? "-" : ""
        if exponent < -4 || exponent >= 16 {
            let fraction = digits.count > 1 ? "." + String(decoding: digits.dropFirst(), as: UTF8.self) : ""
            let first = String(decoding: digits.prefix(1), as: UTF8.self)
            let magnitude = abs(exponent)
            return sign + first + fraction + "e" + (exponent < 0 ? "-" : "+") + (magnitude < 10 ? "0" : "")
                + "\(magnitude)"
        }
        var text: [UInt8] = []
        if exponent < 0 {
            text = Array("0.".utf8) + Array(repeating: 0x30, count: -exponent - 1) + digits
        } else {
            let whole = exponent + 1
            text = Array(digits.prefix(whole)) + Array(repeating: 0x30, count: max(0, whole - digits.count))
            text.append(0x2E)
            text += digits.count > whole ? Array(digits[whole...]) : [0x30]
        }
        return sign + String(decoding: text, as: UTF8.self)
    }

    /// The shortest decimal digits and the exponent of the first one.
    private static func decimal(_ value: Double) -> (digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var pointAt: Int?
        let text = Array("\(value)".utf8)
        var place = 0
        while place < text.count {
            let byte = text[place]
            if byte == 0x2E {
                pointAt = digits.count
            } else if byte == 0x65 {
                exponent = Int(String(decoding: text[(place + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
            }
            place += 1
        }
        exponent += (pointAt ?? digits.count) - 1
        let zeros = digits.prefix { $0 == 0x30 }.count
        if zeros == digits.count { return ([0x30], 0) }
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
        return (digits, exponent)
    }

    /// `%f`, `%e` or `%g` with that many digits, which must be within ``TemplateLimits/formatWidth``.
    static func format(_ value: Double, _ kind: Character, precision: Int) -> String {
        if !value.isFinite { return repr(value) }
        let text = String(format: "%.\(precision)\(kind)", value)
        return text
    }

    /// Rounds half to even on the exact decimal value, as Python's `round(value, digits)`.
    static func round(_ value: Double, digits: Int) -> Double {
        guard value.isFinite, digits <= 30 else { return value }
        if digits >= 0 { return Double(format(value, "f", precision: digits)) ?? value }
        let scale = Foundation.pow(10, Double(-digits))
        return scale.isFinite ? (value / scale).rounded(.toNearestOrEven) * scale : 0
    }
}

/// Reading numbers as Python's `int(text)` and `float(text)` do.
enum PythonNumber {
    static func integer(_ text: TemplateString, base: Int) -> Int? {
        guard var digits = cleaned(text), base == 0 || (2...36).contains(base) else { return nil }
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = first == "-" ? "-" : ""
            digits.removeFirst()
        }
        var base = base
        let prefixes: [(String, Int)] = [("0x", 16), ("0o", 8), ("0b", 2)]
        for (prefix, radix) in prefixes where digits.lowercased().hasPrefix(prefix) && (base == radix || base == 0) {
            digits.removeFirst(2)
            base = radix
        }
        guard let first = digits.first, first != "-", first != "+" else { return nil }
        return Int(sign + digits, radix: base == 0 ? 10 : base)
    }

    static func real(_ text: TemplateString) -> Double? {
        guard let digits = cleaned(text) else { return nil }
        let word = digits.lowercased()
        switch word.hasPrefix("-") || word.hasPrefix("+") ? String(word.dropFirst()) : word {
        case "inf", "infinity": return word.hasPrefix("-") ? -.infinity : .infinity
        case "nan": return .nan
        default: break
        }
        guard digits.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(digits.hasSuffix(".") ? digits + "0" : digits.hasPrefix(".") ? "0" + digits : digits)
    }

    /// Without surrounding space and underscores between digits; nothing if it cannot be a number.
    private static func cleaned(_ text: TemplateString) -> String? {
        let stripped = text.stripped(leading: true, trailing: true, \.isPythonSpace)
        guard !stripped.isEmpty, stripped.count <= TemplateLimits.literalLength else { return nil }
        var result = String.UnicodeScalarView()
        for (place, scalar) in stripped.scalars.enumerated() {
            guard scalar.isASCII else { return nil }
            if scalar == "_" {
                guard place > 0, place + 1 < stripped.count, stripped.scalars[place - 1].properties.isAlphanumeric,
                    stripped.scalars[place + 1].properties.isAlphanumeric
                else { return nil }
                continue
            }
            result.append(scalar)
        }
        return String(result)
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isAlphanumeric: Bool { isAlphabetic || numericType != nil }
}
