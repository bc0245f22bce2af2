using System.Xml.Linq;

namespace Pipeline.Tests.Summary;

/// <summary>What a test run found, from the <c>.trx</c> that <c>dotnet test</c> writes.</summary>
internal static class TestSummary
{
    private const int ReasonLines = 6;
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>
    /// Writes the failed tests with the beginning of their messages, the skipped ones by reason, and <c>N passed, N failed, N skipped</c> as the last line.
    /// </summary>
    /// <param name="trx">The results.</param>
    /// <param name="floor">The least number of passed tests: fewer mean that some are no longer found, or are skipped where they were not.</param>
    /// <param name="output">Where to.</param>
    /// <returns>Whether no test failed and at least <paramref name="floor"/> passed.</returns>
    public static bool Write(Stream trx, int floor, TextWriter output)
    {
        var results = XDocument.Load(trx).Descendants(Trx + "UnitTestResult")
            .Select(r => (Name: (string?)r.Attribute("testName") ?? "?", Outcome: (string?)r.Attribute("outcome"), Reason: ReasonOf(r))).ToLookup(r => Of(r.Outcome));
        foreach (var (name, _, reason) in results[Outcome.Failed])
            output.WriteLine($"FAILED {name}\n  {string.Join("\n  ", reason.Split('\n').Take(ReasonLines))}");
        foreach (var skipped in results[Outcome.Skipped].GroupBy(r => r.Reason))
            output.WriteLine($"skipped ({(skipped.Key.Length > 0 ? skipped.Key : "no reason given")}):\n  {string.Join("\n  ", skipped.Select(r => r.Name))}");
        var (passed, failed, left) = (results[Outcome.Passed].Count(), results[Outcome.Failed].Count(), results[Outcome.Skipped].Count());
        if (passed < floor)
            output.WriteLine($"only {passed} tests passed; at least {floor} are expected (.ci/test-floor); {left} were skipped");
        output.WriteLine($"{passed} passed, {failed} failed, {left} skipped");
        return failed == 0 && passed >= floor;
    }

    private static Outcome Of(string? outcome) => outcome switch
    {
        "Passed" => Outcome.Passed,
        "NotExecuted" => Outcome.Skipped,
        _ => Outcome.Failed,    // Timeout, Aborted, Error: whatever else there is did not pass
    };

    private static string ReasonOf(XElement result) =>
        (result.Descendants(Trx + "Message").FirstOrDefault() ?? result.Descendants(Trx + "StdOut").FirstOrDefault())?.Value.Trim() ?? "";

    private enum Outcome
    {
        Passed,
        Failed,
        Skipped,
    }
}
