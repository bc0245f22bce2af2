using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Spectre.Console;

namespace Pipeline.Host.Demo;

/// <summary>Shows a demo as a live table on a terminal, or as lines anywhere else; both end with the summary.</summary>
internal static class DemoScreen
{
    /// <summary>A table that is drawn again each <paramref name="frame"/>.</summary>
    public static async Task<int> LiveAsync(DemoRequest request, PipelineSettings settings, IAnsiConsole console, TimeSpan frame, CancellationToken stop)
    {
        using var warnings = new RecentWarning();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(warnings));
        var demo = new DemoRun(request, settings, loggers, TimeProvider.System);
        string? continued = null, page = null;
        DemoSummary? summary = null;
        await console.Live(new Text("The ward opens …")).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
            summary = await demo.RunAsync((beds, progress) =>
            {
                var board = BoardTable.Draw(beds, progress, console.Profile.Height - 1, console.Profile.Width);     // below it stands where the page is
                live.UpdateTarget(new Rows(
                [board, new Markup($"  ward page: [link]{page}[/]"), .. warnings.Text is { } text ? [new Markup($"[yellow]  {Markup.Escape(text)}[/]")] : Array.Empty<Markup>()]));
            }, frame, stop, notice => live.UpdateTarget(new Text(continued = notice)), url => page = url));
        if (continued is not null)
            console.WriteLine(continued);
        summary!.Show(console);   // set: RunAsync returned
        return summary.NothingLost ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>A line each <paramref name="period"/>.</summary>
    public static async Task<int> PlainAsync(DemoRequest request, PipelineSettings settings, TextWriter output, TimeSpan period, CancellationToken stop)
    {
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var demo = new DemoRun(request, settings, loggers, TimeProvider.System);
        var summary = await demo.RunAsync((beds, progress) => output.WriteLine(LineOf(beds, progress)), period, stop, output.WriteLine, url => output.WriteLine($"ward page: {url}"));
        output.WriteLine();
        summary.Write(output);
        return summary.NothingLost ? ExitCode.Ok : ExitCode.Failed;
    }

    private static string LineOf(IReadOnlyList<BedView> beds, WardProgress p)
    {
        var well = beds.Count(bed => bed.State(Math.Max(0, p.WardNow.SecondsSince(bed.Newest))).Good);
        var latency = p.LatencyP50 is { } p50 && p.LatencyP99 is { } p99
            ? string.Create(CultureInfo.InvariantCulture, $"latency p50 {p50.TotalMilliseconds:0.#} ms p99 {p99.TotalMilliseconds:0.#} ms")
            : "no point yet";
        return string.Create(CultureInfo.InvariantCulture,
            $"{p.Elapsed:hh\\:mm\\:ss}  {p.Beds} beds, {well} well  {p.SamplesPerSecond:N0} samples/s  {p.Windows:N0} windows  {latency}  {p.Waiting} waiting");
    }
}
