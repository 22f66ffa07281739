import AdvPOModel
import OrderedCollections

/// A task with a known right prompt: is it a fruit or a vegetable? The scripted model knows, but only says it in one word once it was shown worked examples.
enum KindTask {
    static let system = "You write prompts for language models."
    static let judgeSystem = "examiner"

    /// One line of an input file.
    ///
    /// - Parameter method: the members that choose the evaluation method.
    static func line(_ id: String = "kind", samples: Int, method: JSONObject = ["evaluationMetricLambdaArn": "builtin:exact_match"]) -> String {
        var object: JSONObject = ["version": "bedrock-2026-05-14", "templateId": .string(id), "promptTemplate": .string("Which kind is it? (\(id))\n\n{{text}}")]
        for (key, value) in method { object[key] = value }
        // No two share more than a few words, so that none counts as another's near-duplicate.
        object["evaluationSamples"] = .array((0..<samples).map { index in
            let (word, kind) = index.isMultiple(of: 2) ? ("apples", "fruit") : ("carrots", "vegetable")
            let text = "box\(index) row\(index) hand\(index) day\(index): \(word)"
            return ["inputVariables": [["text": .string(text)]], "referenceResponse": .string(kind)]
        })
        return JSONValue.object(object).text
    }

    /// What the scripted model says.
    static func answer(_ call: ModelServer.Call) -> String {
        if call.system.hasPrefix(system) { return "<prompt>Fruit or vegetable? One word.\n\n{{text}}</prompt>" }
        if call.system.contains(judgeSystem) { return verdict(overall: 3) }
        let kind = kind(call.text)
        return call.messages.count > 1 ? kind : "It is a \(kind), I think."
    }

    /// Of the last thing that is named: worked examples stand before the question.
    static func kind(_ text: String) -> String {
        let words = text.split { !$0.isLetter }
        return words.last { $0 == "apples" || $0 == "carrots" } == "apples" ? "fruit" : "vegetable"
    }

    static func verdict(overall: Double) -> String {
        """
        <Task_Analysis>Naming a kind.</Task_Analysis>
        <Weights>0.4, 0.3, 0.3</Weights>
        <Answer Accuracy>\(overall)</Answer Accuracy>
        <Answer Completeness>\(overall)</Answer Completeness>
        <Expression Quality>\(overall)</Expression Quality>
        <Calculation>\(overall)</Calculation>
        <Overall>\(overall)</Overall>
        <Justification>It names the kind.</Justification>
        """
    }
}
