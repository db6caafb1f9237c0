import Foundation

/// What a terminal can do, as far as the environment says.
package struct TerminalTraits: Sendable, Equatable {
    /// Whether the cursor can be moved.
    package var movesCursor: Bool
    /// Whether text may have colours and weights.
    package var isStyled: Bool

    /// - Parameter environment: Variables by name. `TERM=dumb` or none means neither, `NO_COLOR` no styles.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let kind = environment["TERM"] ?? ""
        movesCursor = !kind.isEmpty && kind != "dumb"
        isStyled = movesCursor && environment["NO_COLOR"].map(\.isEmpty) ?? true
    }

    package static let plain = TerminalTraits(environment: [:])
}

/// Cells and lines of a terminal's window.
package struct TerminalSize: Sendable, Equatable {
    package var columns: Int
    package var lines: Int

    /// What a terminal has that does not say.
    package static let usual = TerminalSize(columns: 80, lines: 24)

    package init(columns: Int, lines: Int) {
        (self.columns, self.lines) = (columns, lines)
    }

    /// The size of the terminal behind a descriptor.
    package init(of descriptor: Int32) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            self = .usual
            return
        }
        self.init(columns: Int(size.ws_col), lines: Int(size.ws_row))
    }
}
