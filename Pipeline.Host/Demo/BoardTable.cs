using System.Globalization;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pipeline.Host.Demo;

/// <summary>Draws the board for a terminal.</summary>
internal static class BoardTable
{
    private const int LinesBesideBeds = 9;
    private const int WideTerminal = 96;
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>One frame, no higher than the terminal.</summary>
    public static IRenderable Draw(IReadOnlyList<BedView> beds, WardProgress progress, int height, int width)
    {
        var shown = Math.Max(1, height - LinesBesideBeds);
        var wide = width >= WideTerminal;
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey35), Expand = false };
        table.AddColumn(new TableColumn("[bold]Bed[/]"));
        table.AddColumn(new TableColumn("[bold]Patient[/]"));
        var columns = ColumnsOf(beds);
        foreach (var (name, _) in columns)
            table.AddColumn(new TableColumn(name).RightAligned());
        if (wide)
            table.AddColumn(new TableColumn("[bold]Last minute[/]").Width(20));
        table.AddColumn(new TableColumn("[bold]Quality[/]"));
        table.AddColumn(new TableColumn("[bold]Age[/]").RightAligned());
        table.AddColumn(new TableColumn("[bold]State[/]"));
        foreach (var bed in beds.Take(shown))
        {
            var age = Math.Max(0, progress.WardNow.SecondsSince(bed.Newest));
            var (state, good) = bed.State(age);
            List<string> row = [Markup.Escape(bed.Bed), $"[grey]{Markup.Escape(bed.Patient.Value)}[/]", .. columns.Select(column => Rate(bed, column.Vital))];
            if (wide)
                row.Add($"[grey70]{Sparkline(bed.Trend, 20)}[/]");
            row.Add(QualityBar(bed.Quality));
            row.Add(Fixed(age, "0.0 s"));
            row.Add(good ? $"[green3]{state}[/]" : $"[{(state == "no data" ? "red1" : "yellow")}]{Markup.Escape(state)}[/]");
            table.AddRow([.. row]);
        }
        var rows = new List<IRenderable> { Header(progress, wide), table };
        if (beds.Count == 0)
            rows.Add(new Markup("[grey]  the first values come when the first windows are full: after 8 s of the ward's time[/]"));
        if (beds.Count > shown)
            rows.Add(new Markup($"[grey]  … and {beds.Count - shown} more beds: a higher terminal shows them[/]"));
        rows.Add(new Markup("[grey]  beats/min by signal; — : no value, State says why; Ctrl-C: summary[/]"));
        return new Rows(rows);
    }

    /// <summary>The rates that the ward's beds have: those of a general ward, of a labour ward, or both.</summary>
    private static List<(string Name, Vital Vital)> ColumnsOf(IReadOnlyList<BedView> beds)
    {
        var columns = new List<(string, Vital)>();
        if (beds.Any(bed => bed.HasFetus))
        {
            columns.Add(("[bold orchid]Fetus[/]", new(SignalKind.FetalEcg, Metric.FetalHeartRate)));
            columns.Add(("[bold plum2]CTG[/]", new(SignalKind.FetalHeartRate, Metric.FetalHeartRate)));
            columns.Add(("[bold plum2]CTG 2[/]", new(SignalKind.SecondFetalHeartRate, Metric.FetalHeartRate)));
            columns.Add(("[bold green3]Mother[/]", new(SignalKind.FetalEcg, Metric.HeartRate)));
            columns.RemoveAll(column => !beds.Any(bed => bed.Vitals.ContainsKey(column.Item2)));
        }
        if (columns.Count > 0 && beds.All(bed => bed.HasFetus))
            return columns;
        columns.Add(("[bold green3]ECG[/]", new(SignalKind.Ecg, Metric.HeartRate)));
        columns.Add(("[bold deepskyblue1]PPG[/]", new(SignalKind.Ppg, Metric.HeartRate)));
        columns.Add(("[bold indianred1]ABP[/]", new(SignalKind.Abp, Metric.HeartRate)));
        if (beds.Any(bed => bed.Vitals.ContainsKey(new(SignalKind.HeartSound, Metric.HeartRate))))
            columns.Add(("[bold khaki3]PCG[/]", new(SignalKind.HeartSound, Metric.HeartRate)));
        Vital camera = new(SignalKind.Camera, Metric.HeartRate);
        if (beds.Any(bed => bed.Vitals.ContainsKey(camera)))
            columns.Add(("[bold gold1]Camera[/]", camera));
        return columns;
    }

    private static Markup Header(WardProgress p, bool wide)
    {
        const string Bar = "[grey]│[/]";
        var latency = $"p50 {Milliseconds(p.LatencyP50)}, p99 {Milliseconds(p.LatencyP99)}";
        FormattableString narrow = $"[bold]  {p.Beds} beds[/] {Bar} {p.Elapsed:hh\\:mm\\:ss} {Bar} {p.SamplesPerSecond:N0} samples/s {Bar} {latency}";
        FormattableString full = $"[bold]  Ward[/]  {p.Beds} beds  {Bar}  {p.Elapsed:hh\\:mm\\:ss}  {Bar}  {p.SamplesPerSecond:N0} samples/s  {Bar}  {p.Windows:N0} windows  {Bar}  latency {latency}  {Bar}  {p.Waiting} waiting";
        return new Markup((wide ? full : narrow).ToString(CultureInfo.InvariantCulture));
    }

    private static string Milliseconds(TimeSpan? latency) =>
        latency is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalMilliseconds:0.#} ms") : "—";

    private static string Rate(BedView bed, Vital vital) => bed.Of(vital) switch
    {
        { Status: EstimateStatus.Ok } estimate => $"[{Colour(estimate.Quality)}]{Fixed(estimate.Value, "0")}[/]",
        null => "",
        _ => "[grey]—[/]",
    };

    private static string QualityBar(double? quality)
    {
        if (quality is not { } known)
            return "[grey]·····[/]  —";
        var full = (int)Math.Round(Math.Clamp(known, 0, 1) * 5);
        return $"[{Colour(known)}]{new string('■', full)}[/][grey35]{new string('■', 5 - full)}[/] {Fixed(known, "0.00")}";
    }

    private static string Colour(double quality) => quality switch { >= 0.7 => "green3", >= 0.4 => "yellow", _ => "orangered1" };

    private static string Fixed(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>The values as bars between their least and greatest, at least 10 /min apart so that noise does not look like a crisis.</summary>
    public static string Sparkline(double[] values, int width)
    {
        var last = values.AsSpan(Math.Max(0, values.Length - width));
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (var value in last)
            if (!double.IsNaN(value))
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
        var centre = (low + high) / 2;
        var span = Math.Max(10, high - low);
        Span<char> bars = stackalloc char[last.Length];
        for (var i = 0; i < last.Length; i++)
            bars[i] = double.IsNaN(last[i]) ? ' ' : Bars[(int)Math.Clamp((last[i] - centre) / span * Bars.Length + Bars.Length / 2, 0, Bars.Length - 1)];
        return new string(bars);
    }
}
