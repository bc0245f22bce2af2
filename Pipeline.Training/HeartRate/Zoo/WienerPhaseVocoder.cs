using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Spectra;
using Pipeline.Training.Evaluation;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// A spectral estimator that nothing is trained for, after WFPV (Temko 2017, doi:10.1109/TBME.2017.2676243), written anew from the paper with
/// one setting for all sensors: two Wiener filters take the accelerometer's spectrum out of the PPG's, the highest peak near the rate before
/// is taken, and the phase vocoder refines it by how far the phase went in one hop. Causal. It claims no standard deviation.
/// </summary>
internal sealed class WienerPhaseVocoder
{
    /// <summary>Its name in tables.</summary>
    public const string Name = "wfpv-like";

    private const double WindowSeconds = 8, HopSeconds = 2;
    private const double LowHz = 0.5, HighHz = 3;
    private const double GridPerMinute = 1;         // the transform is as long as that takes
    private const int Averaged = 15;                // windows, for the Wiener filters
    private const double Reach = 25, Margin = 5;    // per minute: how far the rate may move in a hop at first, and beyond what it moved so far
    private const int KnownAfter = 12;              // windows after which what it moved so far is taken
    private const double Kept = 0.9;                // of the new value; the rest is the one before and the course of the last ones

    private readonly RateRecording _recording;
    private readonly RealFft _fft;
    private readonly int _length;
    private readonly int _first;                    // bins
    private readonly int _count;
    private readonly float[] _taper;                // Hann: the baseline does not leak into the band
    private readonly Queue<double[]> _history = new();
    private readonly List<double> _rates = [];
    private double[] _phases = [];

    private WienerPhaseVocoder(RateRecording recording)
    {
        _recording = recording;
        _length = (int)Math.Round(WindowSeconds * recording.RateHz);
        var points = RealFft.MinLength;
        while (points < RealFft.MaxLength && (points < _length || 60 * recording.RateHz / points > GridPerMinute))
            points *= 2;
        _fft = RealFft.Of(points);
        _taper = [.. Enumerable.Range(0, _length).Select(i => (float)(0.5 - 0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / _length)))];
        _first = (int)Math.Ceiling(LowHz * points / recording.RateHz);
        _count = (int)Math.Min(HighHz * points / recording.RateHz, _fft.BinCount - 1) - _first + 1;
    }

    /// <summary>Every window of a sequence that has a reference.</summary>
    public static ScoredRecording Score(RateSequence sequence)
    {
        var recording = sequence.Recording;
        var estimator = new WienerPhaseVocoder(recording);
        var windows = new List<ScoredWindow>();
        for (var w = 0; w < sequence.Count; w++)
        {
            var rate = estimator.Next(w);
            if (!float.IsNaN(sequence.Labels[w]))
                windows.Add(new ScoredWindow(HopSeconds * w, sequence.Labels[w], rate, double.NaN, 1, 1, "ok"));
        }
        return new ScoredRecording(recording.Set, recording.Subject, recording.Name, windows);
    }

    private double Next(int window)
    {
        var start = Math.Min((int)Math.Ceiling(window * HopSeconds * _recording.RateHz - 1e-9), _recording.Ppg[0].Length - _length);
        var (pulse, phases) = Spectrum([.. _recording.Ppg.Take(PpgStage.MaxPulseChannels)], start);
        var axes = _recording.Acc.Take(PpgMotionFit.MaxAxes).Select(axis => Spectrum([axis], start).Magnitude).ToList();
        _history.Enqueue(pulse);
        if (_history.Count > Averaged)
            _history.Dequeue();
        var usual = Scaled([.. Enumerable.Range(0, _count).Select(k => _history.Average(one => one[k]))], x => x.Max());
        double Motion(int k) => axes.Count == 0 ? 0 : axes.Average(axis => axis[k]);
        var subtracted = Scaled([.. pulse.Select((p, k) => p * (Motion(k) > usual[k] ? -1 : 1 - Motion(k) / usual[k]))], Deviation);
        var divided = Scaled([.. pulse.Select((p, k) => p * usual[k] / (Motion(k) + usual[k]))], Deviation);
        var best = Peak([.. subtracted.Zip(divided, (a, b) => a + b)]);
        var rate = _rates.Count == 0 ? PerMinute(best) : Smoothed(Refined(best, phases[best]));
        _phases = phases;
        _rates.Add(rate);
        return rate;
    }

    /// <summary>The highest bin within reach of the rate before.</summary>
    private int Peak(double[] spectrum)
    {
        var moved = _rates.Zip(_rates.Skip(1), (a, b) => Math.Abs(b - a)).DefaultIfEmpty().Max();
        var reach = _rates.Count > KnownAfter ? moved + Margin : Reach;
        return Enumerable.Range(0, _count).Where(k => _rates.Count == 0 || Math.Abs(PerMinute(k) - _rates[^1]) <= reach)
            .DefaultIfEmpty(_rates.Count == 0 ? 0 : BinOf(_rates[^1])).MaxBy(k => spectrum[k]);
    }

    /// <summary>Of the rates whose phase goes from the last window's to this one's in a hop, the one nearest to the bin.</summary>
    private double Refined(int bin, double phase)
    {
        var turned = (phase - _phases[bin]) / (2 * Math.PI);
        var turns = Math.Round(PerMinute(bin) / 60 * HopSeconds - turned);
        return 60 * (turned + turns) / HopSeconds;
    }

    private double Smoothed(double rate)
    {
        var course = _rates.Count < 2 ? _rates[^1] : 2 * _rates[^1] - _rates[^2];
        return Kept * rate + (1 - Kept) / 2 * (_rates[^1] + course);
    }

    /// <summary>Magnitude, greatest 1, and phase over the band, of the mean of the channels, each without its mean and of unit variance.</summary>
    private (double[] Magnitude, double[] Phase) Spectrum(IReadOnlyList<float[]> channels, int start)
    {
        var samples = new float[_fft.Length];
        foreach (var channel in channels)
        {
            var part = channel.AsSpan(start, _length);
            double mean = 0, squares = 0;
            foreach (var x in part)
                mean += (double)x / _length;
            foreach (var x in part)
                squares += (x - mean) * (x - mean) / _length;
            for (var i = 0; i < _length && squares > 0; i++)
                samples[i] += _taper[i] * (float)((part[i] - mean) / Math.Sqrt(squares));
        }
        var (real, imaginary) = (new float[_fft.BinCount], new float[_fft.BinCount]);
        _fft.Forward(samples, real, imaginary);
        var bins = Enumerable.Range(_first, _count).ToList();
        return (
            Scaled([.. bins.Select(k => Math.Sqrt((double)real[k] * real[k] + (double)imaginary[k] * imaginary[k]))], x => x.Max()),
            [.. bins.Select(k => Math.Atan2(imaginary[k], real[k]))]);
    }

    private double PerMinute(int bin) => 60 * (bin + _first) * _recording.RateHz / _fft.Length;

    private int BinOf(double rate) => Math.Clamp((int)Math.Round(rate / 60 * _fft.Length / _recording.RateHz) - _first, 0, _count - 1);

    private static double Deviation(double[] x)
    {
        var mean = x.Average();
        return Math.Sqrt(x.Average(one => (one - mean) * (one - mean)));
    }

    private static double[] Scaled(double[] x, Func<double[], double> by)
    {
        var scale = by(x);
        return scale > 0 ? [.. x.Select(one => one / scale)] : x;
    }
}
