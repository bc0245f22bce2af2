namespace Pipeline.Tests.Summary;

/// <summary>
/// What the assembly of the tests does when it is started as a program: it prints the summary of a test run. Arguments: the run's <c>.trx</c>, the file with
/// the least number of passed tests of a whole run, and the number of arguments of the run (0: a whole one). Exit code 1 when the run does not count as passed.
/// </summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        var (results, floor, filterCount) = (arguments[0], arguments[1], arguments[2]);
        if (!File.Exists(results))
        {
            Console.WriteLine("no test result was written\n0 passed, 1 failed, 0 skipped");
            return 1;
        }
        using var trx = File.OpenRead(results);
        return TestSummary.Write(trx, filterCount == "0" ? int.Parse(File.ReadAllText(floor).Trim(), System.Globalization.CultureInfo.InvariantCulture) : 1, Console.Out) ? 0 : 1;
    }
}
