using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>What the report's pictures are drawn from, as JSON: windows, curves, and pieces of the recordings.</summary>
internal static class EvaluationPictures
{
    private const int SpectrogramCount = 4;
    private const int WavePoints = 400;
    private const double WindowSeconds = 8, HopSeconds = 2;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Reads the worst recordings again and puts all together.</summary>
    public static string Of(EvaluationResult result)
    {
        var signals = new Dictionary<string, RecordingSignals?>();
        RecordingSignals? Signals(string name) => signals.TryGetValue(name, out var read) ? read : signals[name] = RecordingSignals.Read(result, name);
        var worst = result.Recordings.Where(r => r.Windows.Any(w => w.HasValue))
            .OrderByDescending(r => RateFigures.Of([r]).Mae).Take(SpectrogramCount).ToList();
        return JsonSerializer.Serialize(new
        {
            recordings = result.Recordings.Select(r => new { r.Set, r.Subject, r.Name }),
            windows = result.Recordings.SelectMany((r, i) => r.Windows.Where(w => w.HasValue)
                .Select(w => new[] { i, w.StartSeconds, Round(w.Reference), Round(w.Value), Round(w.Sigma), Round(w.Quality) })),
            bias = result.Overall.Bias,
            sd = result.Overall.ErrorSd,
            subjects = result.Subjects.Where(s => s.Figures.Mae is not null).Select(s => new { s.Set, s.Subject, s.Figures.Mae, s.Figures.Rmse }),
            reliability = Calibration.Reliability(result.Windows),
            bySigma = Calibration.BySigma(result.Windows),
            riskBySigma = RiskCoverage.By(result.Windows, w => w.Sigma),
            riskByQuality = RiskCoverage.By(result.Windows, w => -w.Quality),
            riskByError = RiskCoverage.By(result.Windows, w => Math.Abs(w.Error)),
            worst = result.Worst.Select(w => Window(w.Recording, w.Window, Signals(w.Recording.Name))),
            spectrograms = worst.Select(r => Spectrogram(r, Signals(r.Name))).OfType<object>(),
        }, Json);
    }

    private static object Window(ScoredRecording recording, ScoredWindow window, RecordingSignals? signals)
    {
        var power = new float[RateSpectrum.RateCount];
        var isThere = signals?.Spectrum.Make(window.StartSeconds, power) == true;
        return new
        {
            recording = recording.Name,
            start = window.StartSeconds,
            reference = Round(window.Reference),
            value = Round(window.Value),
            sigma = Round(window.Sigma),
            quality = Round(window.Quality),
            wave = isThere ? signals?.Wave(window.StartSeconds, WindowSeconds, WavePoints) : null,
            power = isThere ? power.Select(p => Math.Round(p, 3)).ToArray() : null,
            firstRate = RateSpectrum.FirstPerMinute,
            stepRate = RateSpectrum.StepPerMinute,
        };
    }

    private static object? Spectrogram(ScoredRecording recording, RecordingSignals? signals)
    {
        if (signals is null)
            return null;
        var columns = new List<byte[]>();
        var power = new float[RateSpectrum.RateCount];
        for (var start = 0.0; signals.Spectrum.Make(start, power); start += HopSeconds)
            columns.Add([.. power.Select(p => (byte)Math.Round(255 * Math.Sqrt(p)))]);   // the root shows weak rates too
        return columns.Count == 0 ? null : new
        {
            recording = recording.Name,
            set = recording.Set,
            mae = Round(RateFigures.Of([recording]).Mae ?? double.NaN),
            width = columns.Count,
            height = RateSpectrum.RateCount,
            firstRate = RateSpectrum.FirstPerMinute,
            stepRate = RateSpectrum.StepPerMinute,
            middle = WindowSeconds / 2,
            hop = HopSeconds,
            power = Convert.ToBase64String([.. columns.SelectMany(column => column)]),
            reference = recording.Windows.Select(w => new[] { w.StartSeconds, Round(w.Reference) }),
            estimate = recording.Windows.Select(w => new double?[] { w.StartSeconds, w.HasValue ? Round(w.Value) : null, w.HasValue ? Round(w.Sigma) : null }),
        };
    }

    private static double Round(double value) => Math.Round(value, 2);

    /// <summary>The signals of one recording that are drawn.</summary>
    private sealed class RecordingSignals
    {
        private readonly RecordedSamples _samples;
        private readonly SignalKind _kind;

        private RecordingSignals(RecordedSamples samples, SignalKind kind)
        {
            (_samples, _kind) = (samples, kind);
            Spectrum = new RateSpectrum(samples.Of(kind), samples.RateHz, kind);
        }

        public RateSpectrum Spectrum { get; }

        public static RecordingSignals? Read(EvaluationResult result, string name) =>
            RecordedSamples.Read(result.Paths[name], result.Signal, result.Request.Reading) is { } samples ? new RecordingSignals(samples, result.Signal) : null;

        /// <summary>The first channel, and the magnitude of the acceleration where there is one, thinned to at most that many points.</summary>
        public object Wave(double startSeconds, double seconds, int points)
        {
            var (start, count) = ((int)Math.Ceiling(startSeconds * _samples.RateHz - 1e-9), (int)Math.Round(seconds * _samples.RateHz));
            var step = Math.Max(1, count / points);
            var motion = _samples.Of(SignalKind.Acc);
            return new
            {
                seconds = step / _samples.RateHz,
                signal = Scaled(Thinned(_samples.Of(_kind)[0])),
                motion = motion.Length == 0 || _kind == SignalKind.Acc ? null : Scaled(Enumerable.Range(0, count / step)
                    .Select(i => Math.Sqrt(motion.Sum(axis => (double)axis[start + i * step] * axis[start + i * step]))).ToArray()),
            };

            double[] Thinned(float[] channel) => [.. Enumerable.Range(0, count / step).Select(i => (double)channel[start + i * step])];
        }

        /// <summary>0 to 1 between least and greatest; null where a sample is missing.</summary>
        private static double?[] Scaled(double[] samples)
        {
            var there = samples.Where(double.IsFinite).ToList();
            var (low, span) = there.Count == 0 ? (0, 1) : (there.Min(), Math.Max(1e-12, there.Max() - there.Min()));
            return [.. samples.Select(s => double.IsFinite(s) ? Math.Round((s - low) / span, 3) : (double?)null)];
        }
    }
}
