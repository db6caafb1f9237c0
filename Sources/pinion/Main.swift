import PinionCommand

@main
struct Main {
    static func main() async {
        await PinionProgram.run()
    }
}
