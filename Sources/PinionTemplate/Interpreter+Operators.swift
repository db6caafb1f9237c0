import Foundation

/// Python's arithmetic, comparison and membership.
extension Interpreter {
    func apply(_ operation: UnaryOperator, to value: TemplateValue) throws(TemplateError) -> TemplateValue {
        if case .undefined(let reason) = value { throw Self.fail(reason.description) }
        if let number = value.integer {
            return operation == .negate ? try checked(0.subtractingReportingOverflow(number)) : .int(number)
        }
        guard let number = value.number else {
            throw Self.fail("bad operand type for unary \(operation == .negate ? "-" : "+"): '\(value.typeName)'")
        }
        return .double(operation == .negate ? -number : number)
    }

    func apply(
        _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        if case .undefined(let reason) = left { throw Self.fail(reason.description) }
        if operation == .modulo, case .string(let format) = left {
            return .string(try formatPercent(format, right))
        }
        if case .undefined(let reason) = right { throw Self.fail(reason.description) }
        if let left = left.integer, let right = right.integer { return try integer(operation, left, right) }
        if let left = left.number, let right = right.number { return try real(operation, left, right) }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try charge(text: left.count + right.count)
            var text = left
            text.append(right)
            return .string(text)
        case (.add, .sequence(let left), .sequence(let right))
        where left.kind == right.kind && (left.kind == .list || left.kind == .tuple):
            try charge(left.items.count + right.items.count)
            return try list(left.items + right.items, kind: left.kind)
        case (.multiply, _, _):
            if let count = right.integer { return try `repeat`(left, count) }
            if let count = left.integer { return try `repeat`(right, count) }
        default: break
        }
        throw Self.fail(
            "unsupported operand types for \(operation.symbol): '\(left.typeName)' and '\(right.typeName)'")
    }

    private func `repeat`(_ value: TemplateValue, _ count: Int) throws(TemplateError) -> TemplateValue {
        let count = max(count, 0)
        switch value {
        case .string(let text):
            let length = text.count.multipliedReportingOverflow(by: count)
            try charge(text: length.overflow ? .max : length.partialValue)
            var result = TemplateString()
            if !text.isEmpty { for _ in 0..<count { result.append(text) } }
            return .string(result)
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            let length = sequence.items.count.multipliedReportingOverflow(by: count)
            try charge(length.overflow ? .max : length.partialValue)
            var items: [TemplateValue] = []
            if !sequence.items.isEmpty { for _ in 0..<count { items += sequence.items } }
            return try list(items, kind: sequence.kind)
        default:
            throw Self.fail("unsupported operand type for *: '\(value.typeName)'")
        }
    }

    // MARK: - Numbers

    private func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> TemplateValue {
        guard !result.overflow else { throw Self.fail("integer result does not fit in 64 bits") }
        return .int(result.partialValue)
    }

    private func integer(_ operation: BinaryOperator, _ left: Int, _ right: Int) throws(TemplateError) -> TemplateValue
    {
        switch operation {
        case .add: return try checked(left.addingReportingOverflow(right))
        case .subtract: return try checked(left.subtractingReportingOverflow(right))
        case .multiply: return try checked(left.multipliedReportingOverflow(by: right))
        case .divide:
            guard right != 0 else { throw Self.fail("division by zero") }
            return .double(Double(left) / Double(right))
        case .floorDivide, .modulo:
            guard right != 0 else { throw Self.fail("division by zero") }
            let quotient = left.dividedReportingOverflow(by: right)
            guard !quotient.overflow else {
                return operation == .modulo ? .int(0) : try checked(quotient)
            }
            let remainder = left % right
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            if operation == .modulo { return .int(isBelow ? remainder + right : remainder) }
            return .int(isBelow ? quotient.partialValue - 1 : quotient.partialValue)
        case .power:
            if right < 0 { return try real(.power, Double(left), Double(right)) }
            return try power(left, right)
        }
    }

    private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> TemplateValue {
        var result = 1
        var base = base
        var exponent = exponent
        while exponent > 0 {
            if exponent & 1 == 1 {
                let product = result.multipliedReportingOverflow(by: base)
                guard !product.overflow else { return try checked(product) }
                result = product.partialValue
            }
            exponent >>= 1
            if exponent > 0 {
                let square = base.multipliedReportingOverflow(by: base)
                guard !square.overflow else { return try checked(square) }
                base = square.partialValue
            }
        }
        return .int(result)
    }

    private func real(_ operation: BinaryOperator, _ left: Double, _ right: Double) throws(TemplateError)
        -> TemplateValue
    {
        switch operation {
        case .add: return .double(left + right)
        case .subtract: return .double(left - right)
        case .multiply: return .double(left * right)
        case .divide:
            guard right != 0 else { throw Self.fail("float division by zero") }
            return .double(left / right)
        case .floorDivide, .modulo:
            guard right != 0 else { throw Self.fail("float division by zero") }
            var remainder = left.truncatingRemainder(dividingBy: right)
            let quotient = (left - remainder) / right
            if remainder != 0, (remainder < 0) != (right < 0) {
                remainder += right
                return .double(operation == .modulo ? remainder : (quotient - 1).rounded())
            }
            return .double(operation == .modulo ? remainder : quotient.rounded())
        case .power:
            if left == 0, right < 0 { throw Self.fail("zero cannot be raised to a negative power") }
            let result = Foundation.pow(left, right)
            if left.isFinite, right.isFinite, !result.isFinite {
                throw Self.fail("the result of ** is not a real number in range")
            }
            return .double(result)
        }
    }

    // MARK: - Comparison

    func compare(
        _ left: TemplateValue, _ operation: ComparisonOperator, _ right: TemplateValue
    ) throws(TemplateError) -> Bool {
        switch operation {
        case .equal: return try equal(left, right)
        case .notEqual: return !(try equal(left, right))
        case .contained: return try contains(right, left)
        case .notContained: return !(try contains(right, left))
        case .less: return try order(left, right) == .ascending
        case .greater: return try order(left, right) == .descending
        case .lessOrEqual:
            let order = try order(left, right)
            return order == .ascending || order == .same
        case .greaterOrEqual:
            let order = try order(left, right)
            return order == .descending || order == .same
        }
    }

    func equal(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
        try charge()
        if let left = left.integer, let right = right.integer { return left == right }
        if let left = left.number, let right = right.number { return left == right }
        switch (left, right) {
        case (.undefined, .undefined), (.null, .null): return true
        case (.string(let left), .string(let right)):
            guard left.count == right.count else { return false }
            try charge(text: left.count)
            return left == right
        case (.sequence(let left), .sequence(let right)): return try equal(left, right)
        case (.mapping(let left), .mapping(let right)): return try equal(left, right)
        case (.function(let left), .function(let right)): return left == right
        case (.object(let left), .object(let right)): return left === right
        default: return false
        }
    }

    @inline(never)
    private func equal(_ left: TemplateSequence, _ right: TemplateSequence) throws(TemplateError) -> Bool {
        guard left.items.count == right.items.count, left.equalityClass == right.equalityClass else { return false }
        try enter()
        defer { leave() }
        for (left, right) in zip(left.items, right.items) where !(try equal(left, right)) { return false }
        return true
    }

    @inline(never)
    private func equal(_ left: TemplateMapping, _ right: TemplateMapping) throws(TemplateError) -> Bool {
        guard left.keys.count == right.keys.count else { return false }
        try enter()
        defer { leave() }
        for (key, value) in zip(left.keys, left.values) {
            try charge(key.steps)
            guard let other = right[key], try equal(value, other) else { return false }
        }
        return true
    }

    enum Order { case ascending, same, descending, unordered }

    func order(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Order {
        try charge()
        if let left = left.integer, let right = right.integer {
            return left < right ? .ascending : left == right ? .same : .descending
        }
        if let left = left.number, let right = right.number {
            return left < right ? .ascending : left == right ? .same : left > right ? .descending : .unordered
        }
        switch (left, right) {
        case (.undefined(let reason), _), (_, .undefined(let reason)): throw Self.fail(reason.description)
        case (.string(let left), .string(let right)):
            try charge(text: min(left.count, right.count))
            return left == right ? .same : left < right ? .ascending : .descending
        case (.sequence(let left), .sequence(let right)) where left.equalityClass == right.equalityClass:
            return try order(left.items, right.items)
        default: break
        }
        throw Self.fail("'\(left.typeName)' and '\(right.typeName)' have no order")
    }

    @inline(never)
    func order(_ left: [TemplateValue], _ right: [TemplateValue]) throws(TemplateError) -> Order {
        try enter()
        defer { leave() }
        for (left, right) in zip(left, right) where !(try equal(left, right)) { return try order(left, right) }
        return left.count < right.count ? .ascending : left.count == right.count ? .same : .descending
    }

    /// `item in container`.
    func contains(_ container: TemplateValue, _ item: TemplateValue) throws(TemplateError) -> Bool {
        switch container {
        case .undefined: return false
        case .string(let text):
            guard case .string(let part) = item else {
                throw Self.fail("'in' with a string needs a string on its left, not \(item.typeName)")
            }
            try charge(text: text.count)
            return text.firstIndex(of: part.scalars) != nil
        case .mapping(let mapping):
            return try find(item, in: mapping) != nil
        case .sequence(let sequence):
            for candidate in sequence.items where try equal(candidate, item) { return true }
            return false
        case .object(let object):
            guard let iterator = object as? IteratorObject else { break }
            while let candidate = iterator.next() {
                if try equal(candidate, item) { return true }
            }
            return false
        default: break
        }
        throw Self.fail("'in' needs a container on its right, not \(container.typeName)")
    }
}

extension TemplateValue {
    /// The value as a floating-point number where Python would mix it with one.
    var number: Double? {
        switch self {
        case .double(let value): value
        case .bigInteger(let digits): Double(digits)
        default: integer.map(Double.init)
        }
    }

    /// Whether text that the value contributes may be the request's. Containers are not searched and count as if so.
    var hasRequestContent: Bool {
        switch self {
        case .string(let text): text.hasRequestContent
        case .sequence, .mapping, .object, .bigInteger: true
        case .undefined, .null, .bool, .int, .double, .function: false
        }
    }
}

extension TemplateSequence {
    /// Sequences of different classes are never equal.
    fileprivate var equalityClass: Int {
        switch kind {
        case .list: 0
        case .tuple, .group: 1
        case .range: 2
        case .view: 3
        }
    }
}
