using System.Globalization;
using System.Text;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>The denoised ECG of a recording: a row a sample at the recording's rate, a column a lead by its name, in its unit; empty where nothing is said.</summary>
internal sealed class DenoisedFile : IDisposable
{
    private const int MostHeld = 1 << 14;   // samples

    private readonly EstimateFile _file;
    private readonly DenoisedEcg _writer;
    private readonly List<float>[] _samples;
    private readonly double _rateHz;
    private readonly long _count;
    private readonly StringBuilder _row = new();
    private long _next;

    private DenoisedFile(EstimateFile file, double rateHz, long count, string[] leads)
    {
        (_file, _rateHz, _count) = (file, rateHz, count);
        _writer = new DenoisedEcg(rateHz, leads.Length);
        _samples = [.. leads.Select(_ => new List<float>())];
        file.WriteLine($"time_s,{string.Join(',', leads)}");
    }

    /// <summary>The file of the first two ECG leads of a device.</summary>
    /// <param name="file">Where.</param>
    /// <param name="seconds">Length of the recording.</param>
    /// <param name="rateHz">Samples per second of the device.</param>
    /// <param name="channels">Its channels; at least one is of an ECG.</param>
    public static DenoisedFile Of(EstimateFile file, double seconds, double rateHz, ChannelLayout channels)
    {
        string[] leads = [.. AutoencoderStage.LeadsOf(channels).Select(c => channels[c].Label.Replace(',', ' '))];
        return new DenoisedFile(file, rateHz, (long)Math.Round(seconds * rateHz), leads);
    }

    /// <summary>Takes what was said of beats, in their order.</summary>
    public void Take(IReadOnlyList<EncodedBeat> beats)
    {
        foreach (var beat in beats)
            _writer.Add(beat, _samples);
        if (_samples[0].Count >= MostHeld)
            Write();
    }

    /// <summary>The recording ended well.</summary>
    public void Finish()
    {
        _writer.Finish(_count, _samples);
        Write();
        _file.Finish();
    }

    public void Dispose() => _file.Dispose();

    private void Write()
    {
        for (var i = 0; i < _samples[0].Count; i++, _next++)
        {
            _row.Clear().Append(CultureInfo.InvariantCulture, $"{_next / _rateHz:0.#####}");
            foreach (var lead in _samples)
            {
                _row.Append(',');
                if (float.IsFinite(lead[i]))
                    _row.Append(CultureInfo.InvariantCulture, $"{lead[i]:0.#####}");
            }
            _file.WriteLine(_row.ToString());
        }
        foreach (var lead in _samples)
            lead.Clear();
    }
}
