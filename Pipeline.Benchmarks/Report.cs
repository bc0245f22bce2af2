using System.Globalization;
using System.Text.Json;

namespace Pipeline.Benchmarks;

/// <summary>Writes figures as they come: a table for people, or one JSON object a line. Remarks go to standard error with <c>--json</c>.</summary>
/// <param name="output">Where figures go.</param>
/// <param name="remarks">Where remarks go.</param>
/// <param name="json">One object a line instead of the table.</param>
/// <param name="quick">Whether benchmarks should do the least work that still exercises everything: a smoke test, not a measurement.</param>
internal sealed class Report(TextWriter output, TextWriter remarks, bool json, bool quick)
{
    private string _benchmark = "";

    /// <summary>Folder that holds the data sets (<c>--data</c>); null: the recordings beside the repository.</summary>
    public string? Data { get; init; }

    /// <summary>Whether constants that were fitted to recordings should be fitted again and scored on what was held out (<c>--fit</c>).</summary>
    public bool Fit { get; init; }

    /// <summary>The network that the ward's PPG is estimated by (<c>--model</c>); null: what is set by default.</summary>
    public string? Model { get; init; }

    /// <summary>The autoencoder that the ward's ECGs are asked about by (<c>--ecg-autoencoder</c>); null: none.</summary>
    public string? Autoencoder { get; init; }

    /// <summary>File for a row a record (<c>--rows</c>); null: none is wanted.</summary>
    public string? Rows { get; init; }

    /// <summary>Whether the least work is wanted (<c>--quick</c>).</summary>
    public bool Quick => quick;

    /// <summary>The figures that follow belong to <paramref name="benchmark"/>.</summary>
    public void Begin(IBenchmark benchmark)
    {
        _benchmark = benchmark.Name;
        if (!json)
            output.WriteLine($"{benchmark.Name}: {benchmark.Summary}");
    }

    /// <summary>Writes one figure.</summary>
    public void Add(Figure figure) => output.WriteLine(json ? ToJson(figure) : ToRow(figure));

    /// <summary>Writes one figure.</summary>
    public void Add(string metric, double value, string unit, Reference? reference = null) => Add(new Figure(metric, value, unit, reference));

    /// <summary>Says something that is no figure: why a reference is missing, which machine, which checksum.</summary>
    public void Remark(string text) => remarks.WriteLine(json ? $"{_benchmark}: {text}" : $"  {text}");

    private string ToJson(Figure figure)
    {
        var fields = new Dictionary<string, object?>
        {
            ["benchmark"] = _benchmark,
            ["metric"] = figure.Metric,
            ["value"] = Finite(figure.Value),
            ["unit"] = figure.Unit,
        };
        if (figure.Reference is { } reference)
        {
            fields["reference"] = reference.Name;
            fields["reference_value"] = Finite(reference.Value);
            fields["ratio"] = Finite(figure.Ratio.GetValueOrDefault());
        }
        return JsonSerializer.Serialize(fields);
    }

    // JSON has no word for NaN or infinity.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static string ToRow(Figure figure)
    {
        var row = $"  {figure.Metric,-34} {Number(figure.Value),14} {figure.Unit,-12}";
        return figure.Reference is { } reference
            ? $"{row} {figure.Ratio.GetValueOrDefault().ToString("0.000", CultureInfo.InvariantCulture),8} x {reference.Name} ({Number(reference.Value)})"
            : row.TrimEnd();
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 1_000_000 => (value / 1_000_000).ToString("#,0.00", CultureInfo.InvariantCulture) + " M",
        >= 1_000 => value.ToString("#,0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
