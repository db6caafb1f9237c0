import ArgumentParser
import PinionLedger
import PinionStore

extension KeysCommand {
    /// `pinion keys model`: what models cost, and limits that all keys share.
    struct ModelCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "model", abstract: "Set prices of models, and limits that all keys share.",
            subcommands: [Set.self, List.self, Remove.self], defaultSubcommand: List.self)

        private static let modelHelp: ArgumentHelp = "A model's id, or a pattern in which * stands for any text."

        struct Set: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Set prices and limits of a model.",
                discussion: """
                    Prices are for a million tokens, as in --input-price 0.25. A model's own id goes before a pattern, \
                    and the longest pattern before others. \(LimitDiscussion.changed)
                    """)

            @Argument(help: ModelCommand.modelHelp) var model: String
            @Option(help: ArgumentHelp("Price of a million tokens of prompts.", valueName: "price"))
            var inputPrice: String?
            @Option(
                help: ArgumentHelp(
                    "Price of a million that were computed before (default: the input price).", valueName: "price"))
            var cachedPrice: String?
            @Option(help: ArgumentHelp("Price of a million tokens of replies.", valueName: "price"))
            var outputPrice: String?
            @OptionGroup var limits: LimitOptions<ChangedValues>
            @OptionGroup var data: DataOptions

            func run() throws {
                let pattern = try ModelPattern.argument(model, "<model>")
                let cached = try cachedPrice.map { try TokenPrice.change(to: $0, option: "--cached-price") }
                let prices = PriceChanges(
                    input: try inputPrice.map { try TokenPrice.value(of: $0, option: "--input-price") },
                    cachedInput: cached ?? .keep,
                    output: try outputPrice.map { try TokenPrice.value(of: $0, option: "--output-price") })
                let set = try data.openStore().models.set(pattern, prices: prices, limits: limits.changes())
                [set].printTable()
            }
        }

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "List what is set for models.")

            @Flag(help: "Print a JSON array.") var json = false
            @OptionGroup var data: DataOptions

            func run() throws {
                let records = try data.openStore().models.list()
                if json { return try PrintedJSON.list(records.map { PrintedJSON($0) }).print() }
                guard !records.isEmpty else { return Console.notice("nothing is set: all models are free") }
                records.printTable()
            }
        }

        struct Remove: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Remove what is set for a model.")

            @Argument(help: ModelCommand.modelHelp) var model: String
            @OptionGroup var data: DataOptions

            func run() throws {
                try data.openStore().models.remove(ModelPattern.argument(model, "<model>"))
                Console.line("removed what was set for \(model)")
            }
        }
    }
}

/// A price as price lists have it, for a million tokens, and as the ledger has it, in nano-units for one.
enum TokenPrice {
    /// A unit a million tokens is 1,000 nano-units a token: what has more decimals is no whole number of them.
    private static let digits = 3

    /// - Throws: ``CommandFailure`` that names the option.
    static func value(of text: String, option: String) throws -> Int {
        guard let value = DecimalAmount.parts(of: text, digits: digits, maximum: Prices.maximum) else {
            throw CommandFailure(
                "\(option): expected a price of a million tokens from 0 to \(Self.text(Prices.maximum)), with at most "
                    + "\(digits) decimals, found '\(text)'")
        }
        return value
    }

    /// What an option says of a price that may be missing; `none` takes it away.
    static func change(to text: String, option: String) throws -> FieldChange<Int> {
        text.utf8.elementsEqual(StoredText.reservedName.utf8) ? .unset : .set(try value(of: text, option: option))
    }

    static func text(_ value: Int) -> String { DecimalAmount.text(value, digits: digits) }
}

extension [ModelTermsRecord] {
    fileprivate func printTable() {
        let rows = map { record in
            let prices = record.terms.prices
            return [record.pattern.text] + [prices.input, prices.cachedInput, prices.output].map(TokenPrice.text)
                + [LimitRows.line(record.terms.limits)]
        }
        Table(header: ["MODEL", "INPUT/M", "CACHED/M", "OUTPUT/M", "LIMITS"], rows: rows).print()
    }
}

extension PrintedJSON {
    fileprivate init(_ record: ModelTermsRecord) {
        let prices = record.terms.prices
        self = .members([
            "model": .text(record.pattern.text), "limits": PrintedJSON(record.terms.limits),
            "nano_units_per_token": .members([
                "input": .number(prices.input), "cached_input": .number(prices.cachedInput),
                "output": .number(prices.output),
            ]),
        ])
    }
}
