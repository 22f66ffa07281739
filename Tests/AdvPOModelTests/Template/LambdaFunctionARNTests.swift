import AdvPOModel
import Testing

@Suite struct LambdaFunctionARNTests {
    @Test(
        "the function's name is found",
        arguments: [
            ("arn:aws:lambda:us-west-2:123456789012:function:my-metric", "my-metric"), ("arn:aws:lambda:eu-central-1:123456789012:function:m_1:prod", "m_1"),
            ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:a:$LATEST", "a"),
        ])
    func valid(text: String, name: String) throws {
        let arn = try #require(LambdaFunctionARN(text))
        #expect(arn.name == name)
        #expect(arn.description == text)
    }

    @Test(
        "what is no function's ARN is refused",
        arguments: [
            "", "my-metric", "arn:aws:lambda:us-west-2:12345678901:function:m", "arn:aws:lambda:us-west-2:123456789012:function:", "arn:aws:lambda:us-west-2:123456789012:layer:m",
            "arn:aws:s3:us-west-2:123456789012:function:m", "arn:awsome:lambda:us-west-2:123456789012:function:m", "arn:aws:lambda::123456789012:function:m",
            "arn:aws:lambda:us-west-2:123456789012:function:m:", "arn:aws:lambda:us-west-2:123456789012:function:m:a:b", "arn:aws:lambda:us-west-2:123456789012:function:../m",
            " arn:aws:lambda:us-west-2:123456789012:function:m",
        ])
    func invalid(text: String) {
        #expect(LambdaFunctionARN(text) == nil)
    }
}
