@testable import AdvPOEvaluation
import Testing

@Suite(.timeLimit(.minutes(1)))
struct MetricExchangeTests {
    @Test("what was printed before a reply is told with it, though it is read after it")
    func printedLate() async {
        let exchange = MetricExchange(maximumLineBytes: 100, maximumTailBytes: 100)
        _ = exchange.open()
        exchange.receive(output: Array("reply\n".utf8))
        #expect(await exchange.reply() == .success(Array("reply".utf8)))
        async let printed: Void = exchange.waitForPrinted()
        exchange.receive(error: Array("looking at ".utf8))
        exchange.receive(error: Array("a cat\u{0}".utf8))
        await printed
        #expect(exchange.takeErrorTail() == "looking at a cat")
    }

    @Test("a process that ends before it has marked what it printed keeps nobody waiting")
    func endedBeforeTheMark() async {
        let exchange = MetricExchange(maximumLineBytes: 100, maximumTailBytes: 100)
        _ = exchange.open()
        exchange.receive(output: Array("reply\n".utf8))
        _ = await exchange.reply()
        exchange.receive(error: Array("half".utf8))
        exchange.fail(.ended("it was killed"))
        await exchange.waitForPrinted()
        #expect(exchange.takeErrorTail() == "half")
    }
}
