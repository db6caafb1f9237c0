/// How long the spelling of a number without sign and exponent may be.
struct NumberForm {
    let wholeDigits: Int
    /// 0 for numbers without a point.
    let fractionDigits: Int

    /// The spellings of the numbers of a range, none of which has a sign.
    func magnitudes(in range: NumberRange) throws(GrammarError) -> ByteAutomaton {
        let fromMinimum: ByteAutomaton? =
            if let minimum = range.minimum {
                try spellings(
                    comparedWith: minimum, keeping: range.isMinimumExclusive ? [.greater] : [.equal, .greater])
            } else { nil }
        let toMaximum: ByteAutomaton? =
            if let maximum = range.maximum {
                try spellings(comparedWith: maximum, keeping: range.isMaximumExclusive ? [.less] : [.less, .equal])
            } else { nil }
        switch (fromMinimum, toMaximum) {
        case (let fromMinimum?, let toMaximum?): return try fromMinimum.intersection(toMaximum)
        case (let some?, nil), (nil, let some?): return some
        case (nil, nil): return try spellings(comparedWith: .zero, keeping: [.equal, .greater])
        }
    }

    /// How the digits read so far compare with a bound's.
    private enum Order: Int, CaseIterable {
        case less, equal, greater

        /// The order after one more digit, against a bound with that digit in its place.
        func followed(by digit: Int, against bound: UInt8) -> Order {
            if self != .equal { return self }
            return digit < bound ? .less : digit == bound ? .equal : .greater
        }
    }

    /// The spellings of the numbers that compare with a bound in one of these ways.
    ///
    /// Digits are compared from the left, but a whole part with fewer digits than the bound's is less and one with more digits
    /// greater, whatever the digits are; so states count digits.
    ///
    /// - Precondition: the bound is not negative.
    private func spellings(
        comparedWith bound: DecimalNumber, keeping orders: Set<Order>
    ) throws(GrammarError) -> ByteAutomaton {
        let whole = bound.wholeDigits
        let fraction = bound.fractionDigits
        let symbols = DecimalSymbols()
        var table = StateTable(symbolCount: symbols.classes.count)
        func state(accepting isAccepting: Bool) throws(GrammarError) -> Int {
            Int(try table.addState(accepting: isAccepting))
        }
        func connect(_ state: Int, _ symbol: Int, to target: Int) {
            table.transitions[state * table.symbolCount + symbol] = Int32(target)
        }
        let start = try state(accepting: false)
        // By order: the state behind so many digits of the fraction, from the last place to the first.
        var behind: [Int]?
        for place in stride(from: fractionDigits, through: 0, by: -1) where fractionDigits > 0 {
            var states: [Int] = []
            for order in Order.allCases {
                let isLess = order == .equal && place < fraction.count
                let here = try state(accepting: place > 0 && orders.contains(isLess ? .less : order))
                states.append(here)
                guard let behind else { continue }
                for digit in 0..<10 {
                    let next = order.followed(by: digit, against: place < fraction.count ? fraction[place] : 0)
                    connect(here, symbols.digit(digit), to: behind[next.rawValue])
                }
            }
            behind = states
        }
        /// Ends a whole part of so many digits that compare with as many of the bound.
        func wholeState(_ count: Int, _ order: Order) throws(GrammarError) -> Int {
            let total = count == whole.count ? order : count < whole.count ? .less : .greater
            let isLess = total == .equal && !fraction.isEmpty
            let here = try state(accepting: orders.contains(isLess ? .less : total))
            if let behind { connect(here, symbols.point, to: behind[total.rawValue]) }
            return here
        }
        connect(start, symbols.digit(0), to: try wholeState(0, .equal))
        var last: [Int] = [start, start, start]
        for count in 1...wholeDigits {
            var states: [Int] = []
            for order in Order.allCases { states.append(try wholeState(count, order)) }
            for order in Order.allCases where count > 1 || order == .equal {
                for digit in (count == 1 ? 1 : 0)..<10 {
                    let next = order.followed(by: digit, against: count <= whole.count ? whole[count - 1] : 0)
                    connect(last[order.rawValue], symbols.digit(digit), to: states[next.rawValue])
                }
            }
            last = states
        }
        return try ByteAutomaton(minimising: table, classes: symbols.classes)
    }
}

/// The symbols of numbers without sign and exponent: the digits and the point.
struct DecimalSymbols {
    let classes: ByteClasses

    init() {
        var isDistinct = [Bool](repeating: false, count: 256)
        for byte in UInt8(ascii: "0")...UInt8(ascii: "9") { isDistinct[Int(byte)] = true }
        isDistinct[Int(UInt8(ascii: "."))] = true
        classes = ByteClasses(distinct: isDistinct)
    }

    var point: Int { Int(classes.classOfByte[Int(UInt8(ascii: "."))]) }
    func digit(_ digit: Int) -> Int { Int(classes.classOfByte[Int(UInt8(ascii: "0")) + digit]) }
}
