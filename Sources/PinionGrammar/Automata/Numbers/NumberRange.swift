/// The numbers between two bounds, either of which may be missing.
package struct NumberRange: Sendable, Hashable {
    package var minimum: DecimalNumber?
    package var isMinimumExclusive: Bool
    package var maximum: DecimalNumber?
    package var isMaximumExclusive: Bool

    package init(
        minimum: DecimalNumber? = nil, isMinimumExclusive: Bool = false, maximum: DecimalNumber? = nil,
        isMaximumExclusive: Bool = false
    ) {
        self.minimum = minimum
        self.isMinimumExclusive = isMinimumExclusive
        self.maximum = maximum
        self.isMaximumExclusive = isMaximumExclusive
    }

    package static let all = NumberRange()

    package func contains(_ number: DecimalNumber) -> Bool {
        if let minimum, number < minimum || isMinimumExclusive && number == minimum { return false }
        if let maximum, number > maximum || isMaximumExclusive && number == maximum { return false }
        return true
    }

    /// The numbers of both ranges, as a schema with `minimum` and `exclusiveMinimum` means it.
    package func intersection(_ other: NumberRange) -> NumberRange {
        var range = self
        if let minimum = other.minimum, range.minimum.map({ minimum >= $0 }) ?? true {
            range.isMinimumExclusive = other.isMinimumExclusive || isMinimumExclusive && minimum == self.minimum
            range.minimum = minimum
        }
        if let maximum = other.maximum, range.maximum.map({ maximum <= $0 }) ?? true {
            range.isMaximumExclusive = other.isMaximumExclusive || isMaximumExclusive && maximum == self.maximum
            range.maximum = maximum
        }
        return range
    }
}
