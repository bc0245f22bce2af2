using System.Text;
using Xunit;

namespace Pipeline.Tests.Summary;

/// <summary>What <c>./pipeline test</c> says at its end.</summary>
public sealed class TestSummaryTests
{
    private const string Passed = """<UnitTestResult testName="A" outcome="Passed" />""";
    private const string Failed = """
        <UnitTestResult testName="B(x: &quot;1&quot;)" outcome="Failed"><Output><ErrorInfo><Message>1
        2
        3
        4
        5
        6
        7</Message></ErrorInfo></Output></UnitTestResult>
        """;
    private const string Skipped = """<UnitTestResult testName="C" outcome="NotExecuted"><Output><ErrorInfo><Message>no server</Message></ErrorInfo></Output></UnitTestResult>""";

    [Fact]
    public void A_run_in_which_all_pass_is_good_and_its_last_line_counts()
    {
        var (isGood, text) = Summary(2, Passed, Passed);

        Assert.True(isGood);
        Assert.Equal("2 passed, 0 failed, 0 skipped\n", text);
    }

    [Fact]
    public void A_failed_test_is_named_with_the_first_lines_of_its_message()
    {
        var (isGood, text) = Summary(1, Passed, Failed);

        Assert.False(isGood);
        Assert.Equal("FAILED B(x: \"1\")\n  1\n  2\n  3\n  4\n  5\n  6\n1 passed, 1 failed, 0 skipped\n", text);
    }

    [Theory]
    [InlineData("Timeout")]
    [InlineData("Aborted")]
    [InlineData("Error")]
    public void What_did_not_end_has_failed(string outcome) => Assert.False(Summary(1, $"<UnitTestResult testName=\"A\" outcome=\"{outcome}\" />").IsGood);

    [Fact]
    public void Skipped_tests_are_listed_by_their_reason()
    {
        var (isGood, text) = Summary(1, Passed, Skipped, Skipped.Replace("\"C\"", "\"D\"", StringComparison.Ordinal));

        Assert.True(isGood);
        Assert.Equal("skipped (no server):\n  C\n  D\n1 passed, 0 failed, 2 skipped\n", text);
    }

    [Fact]
    public void Fewer_passed_tests_than_the_floor_are_a_failure_and_skipped_ones_do_not_count()
    {
        var (isGood, text) = Summary(2, Passed, Skipped);

        Assert.False(isGood);
        Assert.Contains("only 1 tests passed; at least 2 are expected (.ci/test-floor); 1 were skipped\n", text, StringComparison.Ordinal);
        Assert.EndsWith("1 passed, 0 failed, 1 skipped\n", text, StringComparison.Ordinal);
    }

    private static (bool IsGood, string Text) Summary(int floor, params string[] results)
    {
        using var trx = new MemoryStream(Encoding.UTF8.GetBytes(
            $"<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"><Results>{string.Concat(results)}</Results></TestRun>"));
        using var output = new StringWriter { NewLine = "\n" };
        return (TestSummary.Write(trx, floor, output), output.ToString());
    }
}
