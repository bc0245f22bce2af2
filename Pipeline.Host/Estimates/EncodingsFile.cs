using System.Globalization;
using Pipeline.Models.Estimators.Beats;

namespace Pipeline.Host.Estimates;

/// <summary>The encodings of the beats of an ECG: a row a beat, in order.</summary>
internal sealed class EncodingsFile : IDisposable
{
    private readonly EstimateFile _file;
    private readonly double _rateHz;

    public EncodingsFile(EstimateFile file, double rateHz)
    {
        (_file, _rateHz) = (file, rateHz);
        file.WriteLine($"time_s,error,score,{string.Join(',', Enumerable.Range(1, BeatRow.EncodingLength).Select(k => $"e{k}"))}");
    }

    /// <summary>Takes what was said of beats, in their order.</summary>
    public void Take(IReadOnlyList<EncodedBeat> beats)
    {
        foreach (var beat in beats)
            _file.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Math.Max(0, beat.SampleIndex / _rateHz):0.####},{beat.Error:0.####},{beat.Score:0.####},{string.Join(',', beat.Encoding.Select(e => e.ToString("0.####", CultureInfo.InvariantCulture)))}"));
    }

    /// <summary>The recording ended well.</summary>
    public void Finish() => _file.Finish();

    public void Dispose() => _file.Dispose();
}
