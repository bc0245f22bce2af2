using System.Globalization;
using Spectre.Console;

namespace Pipeline.Host.Demo;

/// <summary>What a network had to do.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="Answers">Windows that it answered.</param>
/// <param name="Failed">Windows on which it threw.</param>
/// <param name="RowsPerBatch">Mean size of a batch; NaN before the first.</param>
internal sealed record NetworkWork(string Model, long Answers, long Failed, double RowsPerBatch);

/// <summary>What the demo says at its end.</summary>
/// <param name="Progress">Where it ended.</param>
/// <param name="Samples">Where the samples went.</param>
/// <param name="PointsMade">Points that windows gave.</param>
/// <param name="Scores">Errors against the truth.</param>
/// <param name="StoreFolder">Where the points are.</param>
/// <param name="StoreBytes">How much they take.</param>
/// <param name="Network">What the network had to do; null without one.</param>
/// <param name="Notes">What should be known of the recordings.</param>
internal sealed record DemoSummary(
    WardProgress Progress, SampleAccount Samples, long PointsMade, IReadOnlyList<SignalScore> Scores, string StoreFolder, long StoreBytes,
    NetworkWork? Network, IReadOnlyList<string> Notes)
{
    /// <summary>Whether every sample is accounted for and every point stored.</summary>
    public bool NothingLost => Samples.Lost == 0 && PointsMade == Progress.Points;

    /// <summary>Name and text of each line.</summary>
    public IEnumerable<(string Name, string Text)> Lines()
    {
        var p = Progress;
        yield return ("ward", Text($"{p.Beds} beds, {p.Elapsed.TotalSeconds:0.0} s"));
        yield return ("windows", Text($"{p.Windows:N0}, {p.Points:N0} points stored of {PointsMade:N0}"));
        yield return ("samples", Text($"{Samples.Published:N0} published, {p.SamplesPerSecond:N0} a second"));
        yield return ("accounted for", Text($"{Samples.Published - Samples.Lost:N0}: {Samples.Taken:N0} in windows, {Samples.Dropped:N0} repeated or late, {Samples.DeadLetters:N0} in dead letters"));
        yield return ("latency", Text($"p50 {Milliseconds(p.LatencyP50)}, p99 {Milliseconds(p.LatencyP99)}, from last sample produced to point stored"));
        if (Network is { } network && network.Answers + network.Failed > 0)
            yield return ("network", Text($"{network.Model} answered {network.Answers:N0} windows in batches of {network.RowsPerBatch:0.0}, {network.Failed:N0} failed"));
        foreach (var score in Scores)
            yield return ($"error {score.Vital.Name}", score.Values == 0
                ? Text($"no value in {score.Windows:N0} windows")
                : Text($"{score.MeanAbsoluteError:0.00} beats/min in the {100.0 * score.Values / score.Windows:0.0} % of {score.Windows:N0} windows with a value"));
        yield return ("store", Text($"{StoreFolder} ({StoreBytes / 1024.0:N0} KiB of line protocol)"));
        foreach (var note in Notes)
            yield return ("note", note);
        yield return ("lost", NothingLost ? "nothing" : Text($"{Samples.Lost:N0} samples, {PointsMade - p.Points:N0} points"));
    }

    /// <summary>As a panel.</summary>
    public void Show(IAnsiConsole console)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach (var (name, text) in Lines())
            grid.AddRow(new Markup($"[grey]{name}[/]"), name == "lost" ? new Markup(NothingLost ? "[bold green3]nothing[/]" : $"[bold red1]{Markup.Escape(text)}[/]") : new Text(text));
        console.Write(new Panel(grid) { Header = new PanelHeader("[bold] Summary [/]"), Border = BoxBorder.Rounded, BorderStyle = new Style(Color.Grey35), Padding = new Padding(1, 0) });
    }

    /// <summary>As plain lines.</summary>
    public void Write(TextWriter output)
    {
        foreach (var (name, text) in Lines())
            output.WriteLine($"{name,-14} {text}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(TimeSpan? latency) => latency is { } known ? Text($"{known.TotalMilliseconds:0.#} ms") : "unknown";
}
