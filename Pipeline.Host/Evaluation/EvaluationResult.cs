using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>Recordings that one model was scored on.</summary>
/// <param name="Fold">Name of the fold; null: no split.</param>
/// <param name="Model">Name and version.</param>
/// <param name="Test">Names of the recordings.</param>
/// <param name="TrainedOn">Number of recordings that it was trained on for this; null: it was there before.</param>
internal sealed record ScoredPart(string? Fold, string Model, IReadOnlySet<string> Test, int? TrainedOn);

/// <summary>What an evaluation found.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Signal">Kind of signal that was scored.</param>
/// <param name="Parts">Who scored what.</param>
/// <param name="Recordings">The scored recordings.</param>
/// <param name="Paths">Their files, by name.</param>
/// <param name="Remarks">What a person should know.</param>
internal sealed record EvaluationResult(
    EvaluateRequest Request, SignalKind Signal, IReadOnlyList<ScoredPart> Parts, IReadOnlyList<ScoredRecording> Recordings,
    IReadOnlyDictionary<string, string> Paths, IReadOnlyList<string> Remarks)
{
    private const int WorstCount = 10;
    private const double ApartSeconds = 30;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new RoundedNumber() },
    };

    /// <summary>The model, or the models of the folds.</summary>
    public string Model => Parts is [var one] ? one.Model : $"{Request.Model}, trained anew for each fold";

    /// <summary>Figures over all windows.</summary>
    public RateFigures Overall { get; } = RateFigures.Of(Recordings);

    /// <summary>Mean over recordings of their mean absolute errors, per minute: every person counts the same.</summary>
    public double? MeanMae { get; } = Recordings.Select(r => RateFigures.Of([r]).Mae).Average();

    /// <summary>Each data set: its figures, and the mean over its recordings of their mean absolute errors.</summary>
    public IReadOnlyList<(string Set, RateFigures Figures, double? MeanMae, int Recordings)> Sets { get; } =
        [.. Recordings.GroupBy(r => r.Set).Select(g => (g.Key, RateFigures.Of(g), g.Select(r => RateFigures.Of([r]).Mae).Average(), g.Count()))];

    /// <summary>Each subject: its figures.</summary>
    public IReadOnlyList<(string Set, string Subject, RateFigures Figures)> Subjects { get; } =
        [.. Recordings.GroupBy(r => (r.Set, r.Subject)).Select(g => (g.Key.Set, g.Key.Subject, RateFigures.Of(g)))];

    /// <summary>Every window.</summary>
    public IReadOnlyList<ScoredWindow> Windows { get; } = [.. Recordings.SelectMany(r => r.Windows)];

    /// <summary>The estimates that are furthest off, at least half a minute apart in a recording.</summary>
    public IReadOnlyList<(ScoredRecording Recording, ScoredWindow Window)> Worst { get; } = FindWorst(Recordings);

    /// <summary>The figures as JSON; the names are a public interface.</summary>
    public string ToJson() => JsonSerializer.Serialize(new
    {
        Format = 1,
        Command = Request.Command,
        Model = Model,
        Metric = Names.Of(Metric.HeartRate),
        Unit = Names.UnitOf(Metric.HeartRate),
        Signal = Names.Of(Signal),
        Split = Request.Split,
        Remarks,
        Overall,
        MeanOverRecordingsMae = MeanMae,
        Sets = Sets.Select(s => new { s.Set, s.Recordings, MeanOverRecordingsMae = s.MeanMae, s.Figures }),
        Subjects = Subjects.Select(s => new { s.Set, s.Subject, s.Figures }),
        Calibration = new { Reliability = Calibration.Reliability(Windows), BySigma = Calibration.BySigma(Windows) },
        RiskCoverage = new { BySigma = RiskCoverage.By(Windows, w => w.Sigma), ByQuality = RiskCoverage.By(Windows, w => -w.Quality) },
        WorstWindows = Worst.Select(w => new { Recording = w.Recording.Name, w.Window.StartSeconds, w.Window.Reference, w.Window.Value, w.Window.Error, w.Window.Sigma, w.Window.Quality }),
        Folds = Parts.Where(p => p.Fold is not null).Select(p => new { p.Fold, p.Model, p.TrainedOn, Test = p.Test.Order(StringComparer.Ordinal) }),
    }, Json) + "\n";

    /// <summary>Every window, one a row, as CSV.</summary>
    public IEnumerable<string> ToCsv() => Recordings.SelectMany(r => r.Windows.Select(w => string.Create(CultureInfo.InvariantCulture,
            $"{r.Set},{r.Subject},{r.Name},{w.StartSeconds},{Number(w.Reference)},{Number(w.Value)},{Number(w.Sigma)},{Number(w.Quality)},{Number(w.Present)},{w.Status}")))
        .Prepend("set,subject,recording,window_start_s,reference,value,sigma,quality,present,status");

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "";

    private static List<(ScoredRecording, ScoredWindow)> FindWorst(IReadOnlyList<ScoredRecording> recordings)
    {
        var worst = new List<(ScoredRecording Recording, ScoredWindow Window)>();
        foreach (var candidate in recordings.SelectMany(r => r.Windows.Where(w => w.HasValue).Select(w => (Recording: r, Window: w))).OrderByDescending(c => Math.Abs(c.Window.Error)))
        {
            if (worst.Count == WorstCount)
                break;
            if (!worst.Exists(w => w.Recording == candidate.Recording && Math.Abs(w.Window.StartSeconds - candidate.Window.StartSeconds) < ApartSeconds))
                worst.Add(candidate);
        }
        return worst;
    }

    /// <summary>Five digits after the point are more than any figure holds.</summary>
    private sealed class RoundedNumber : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(Math.Round(value, 5));
            else
                writer.WriteNullValue();
        }
    }
}
