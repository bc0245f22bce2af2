using System.Globalization;
using System.Text;

namespace Pipeline.Host.Telemetry;

/// <summary>
/// The text format 0.0.4 that Prometheus reads
/// (https://prometheus.io/docs/instrumenting/exposition_formats/): names with the unit at their end, counters with <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes the instruments; those of the same name (of several meters) become one family.</summary>
    public static string Write(IEnumerable<MeasuredInstrument> instruments)
    {
        var text = new StringBuilder();
        foreach (var family in instruments.GroupBy(NameOf, StringComparer.Ordinal))
        {
            var first = family.First();
            if (first.Instrument.Description is { Length: > 0 } description)
                text.Append("# HELP ").Append(family.Key).Append(' ').Append(EscapeHelp(description)).Append('\n');
            text.Append("# TYPE ").Append(family.Key).Append(' ').Append(TypeOf(first.Kind)).Append('\n');
            foreach (var instrument in family.Where(i => i.Kind == first.Kind))
                foreach (var series in instrument.Series)
                    WriteSeries(text, family.Key, instrument.Kind, series);
        }
        return text.ToString();
    }

    /// <summary>Name of the family: dots become underscores, the unit a word at the end.</summary>
    public static string NameOf(MeasuredInstrument measured)
    {
        var name = Sanitise(measured.Instrument.Name);
        var unit = measured.Instrument.Unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" => "_ratio",
            _ => "",   // {chunk} and the like say what is counted: that is in the name
        };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        return measured.Kind == InstrumentKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static void WriteSeries(StringBuilder text, string name, InstrumentKind kind, MeasuredSeries series)
    {
        if (kind != InstrumentKind.Histogram)
        {
            WriteSample(text, name, series, null, series.Value);
            return;
        }
        long below = 0;
        for (var i = 0; i <= series.Bounds.Length; i++)
        {
            below += series.CountOf(i);
            WriteSample(text, name + "_bucket", series, i < series.Bounds.Length ? Number(series.Bounds[i]) : "+Inf", below);
        }
        WriteSample(text, name + "_sum", series, null, series.Value);
        WriteSample(text, name + "_count", series, null, below);
    }

    private static void WriteSample(StringBuilder text, string name, MeasuredSeries series, string? bound, double value)
    {
        text.Append(name);
        var separator = '{';
        foreach (var (key, tag) in series.Tags)
        {
            text.Append(separator).Append(Sanitise(key)).Append("=\"").Append(EscapeLabel(Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "")).Append('"');
            separator = ',';
        }
        if (bound is not null)
        {
            text.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }
        if (separator == ',')
            text.Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string TypeOf(InstrumentKind kind) => kind switch
    {
        InstrumentKind.Counter => "counter",
        InstrumentKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Sanitise(string name)
    {
        var clean = string.Create(name.Length, name, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '_';
        });
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? "_" + clean : clean;
    }

    private static string EscapeHelp(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeLabel(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);
}
