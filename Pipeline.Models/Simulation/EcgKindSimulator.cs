namespace Pipeline.Models.Simulation;

/// <summary>
/// Draws an ECG of a kind: rhythm (<see cref="EcgKindRhythm"/>), waves as sums of Gaussians on two leads, noise of the body and of the
/// electrodes (<see cref="ElectrodeFaults"/>). The same kind, seed and length give the same samples.
/// </summary>
public sealed class EcgKindSimulator
{
    private readonly EcgKind _kind;
    private readonly double _rateHz;
    private readonly float[][] _leads;
    private readonly double[] _r, _q, _s, _p, _t, _late;    // heights on each lead, mV
    private readonly double[] _ectopic, _ectopicT;
    private readonly double _width, _pWidth, _pSplit, _tWidth, _tDelay, _ectopicWidth;
    private readonly double _conduction;
    private NoiseSource _noise;

    private EcgKindSimulator(EcgKind kind, int seed, double seconds, double rateHz)
    {
        (_kind, _rateHz) = (kind, rateHz);
        _noise = new NoiseSource(seed, 40 + (int)kind);
        _leads = [new float[(int)(seconds * rateHz)], new float[(int)(seconds * rateHz)]];
        var isBlock = kind is EcgKind.SecondDegreeBlock or EcgKind.CompleteBlock or EcgKind.Standstill;
        var isWide = _noise.Uniform() < (kind == EcgKind.CompleteBlock ? 0.5 : 0.3);
        var second = kind == EcgKind.Movement ? _noise.Uniform(0.15, 0.5) : _noise.Uniform(0.2, 1.2);
        var first = kind == EcgKind.TallT ? _noise.Uniform(0.4, 1.2) : _noise.Uniform(0.5, 2.1);
        _r = [first, second * ElectrodeFaults.Sign(ref _noise)];
        if (_noise.Uniform() < 0.25)
            Array.Reverse(_r);
        var (q, s) = (_noise.Uniform(0, 0.25), _noise.Uniform(0.05, 0.5));
        _q = Array.ConvertAll(_r, r => -q * r);
        _s = Array.ConvertAll(_r, r => -s * r);
        _width = _noise.Uniform(0.008, 0.0125) * (isWide ? _noise.Uniform(1.3, 1.9) : 1);
        var late = isWide ? _noise.Uniform(0.3, 1) : 0;
        _late = [-0.5 * late * _r[0], 0.8 * late * _r[1]];
        var p = isBlock ? _noise.Uniform(0.1, 0.38) : _noise.Uniform(0.04, 0.22);
        _p = [p, p * _noise.Uniform(0.2, 1) * ElectrodeFaults.Sign(ref _noise)];
        (_pWidth, _pSplit) = (_noise.Uniform(0.015, 0.03), _noise.Uniform(0, 0.03));
        var t = (kind == EcgKind.TallT ? _noise.Uniform(0.7, 1.5) : _noise.Uniform(0.08, 0.6)) * (_noise.Uniform() < 0.25 ? -1 : 1);
        _t = Array.ConvertAll(_r, r => t * r);
        (_tWidth, _tDelay) = (_noise.Uniform(0.035, 0.06), _noise.Uniform(0.25, 0.34));
        _conduction = _noise.Uniform(0.12, 0.22);
        var size = Math.Max(Math.Abs(_r[0]), Math.Abs(_r[1]));
        _ectopic = new double[2];
        foreach (ref var height in _ectopic.AsSpan())
            height = size * _noise.Uniform(0.5, 1.4) * ElectrodeFaults.Sign(ref _noise);
        if (kind == EcgKind.LowEctopics)
        {
            var low = _noise.Uniform() < 0.5 ? 0 : 1;
            _ectopic[low] *= _noise.Uniform(0.05, 0.35);
            _ectopic[1 - low] *= _noise.Uniform(0.45, 1);
        }
        _ectopicWidth = _noise.Uniform(0.021, 0.036);
        var opposite = _noise.Uniform(0.25, 0.6);
        _ectopicT = Array.ConvertAll(_ectopic, e => -opposite * e);
    }

    /// <summary>Draws <paramref name="seconds"/> of an ECG at <paramref name="rateHz"/>.</summary>
    public static EcgOfKind Draw(EcgKind kind, int seed, double seconds, double rateHz = 360) =>
        new EcgKindSimulator(kind, seed, seconds, rateHz).Run(seconds);

    private EcgOfKind Run(double seconds)
    {
        var beats = new List<(double, bool)>();
        var last = double.NaN;
        foreach (var (at, what) in EcgKindRhythm.Of(_kind, seconds, _conduction, ref _noise))
        {
            var size = 1 + 0.06 * _noise.Normal();
            if (what == HeartEvent.Atria)
            {
                Add(_p, at - _pSplit / 2, 0.55 * size, 0.8 * _pWidth);
                Add(_p, at + _pSplit / 2, 0.55 * size, _pWidth);
                continue;
            }
            var interval = double.IsNaN(last) ? 0.8 : Math.Clamp(at - last, 0.4, 1.4);
            if (at - last < 0.25)
                continue;
            if (what == HeartEvent.Ectopic)
                AddEctopic(at, size);
            else
                AddBeat(at, size, _tDelay * Math.Pow(interval / 0.8, 0.4));
            beats.Add((at, what == HeartEvent.Ectopic));
            last = at;
        }
        AddNoise();
        AddFaults();
        return new EcgOfKind(_rateHz, _leads, beats);
    }

    private void AddBeat(double at, double size, double tDelay)
    {
        Add(_q, at - 2.2 * _width, size, 0.8 * _width);
        Add(_r, at, size, _width);
        Add(_s, at + 2.4 * _width, size, _width);
        Add(_late, at + 4.5 * _width, size, 1.6 * _width);
        Add(_t, at + tDelay, 0.9 * size, _tWidth);
        Add(_t, at + tDelay - 0.05, 0.35 * size, 1.2 * _tWidth);
    }

    private void AddEctopic(double at, double size)
    {
        Add(_ectopic, at, size, _ectopicWidth);
        Add(_ectopic, at + 2.2 * _ectopicWidth, -0.3 * size, _ectopicWidth);
        Add(_ectopicT, at + 0.32, size, 0.06);
    }

    private void Add(double[] heights, double at, double size, double width)
    {
        for (var l = 0; l < _leads.Length; l++)
            if (heights[l] != 0)
                ElectrodeFaults.AddWave(_leads[l], _rateHz, at, heights[l] * size, width);
    }

    private void AddNoise()
    {
        var hz = _noise.Uniform() < 0.5 ? 50 : 60;
        foreach (var lead in _leads)
        {
            ElectrodeFaults.AddBand(lead, _rateHz, _noise.Uniform(0.02, 0.12), 0.05, 0.5, ref _noise);
            ElectrodeFaults.AddBand(lead, _rateHz, ElectrodeFaults.LogUniform(0.003, 0.02, ref _noise), 8, 70, ref _noise);
            var (hum, phase) = (_noise.Uniform(0, 0.01), _noise.Uniform(0, 6.28));
            for (var i = 0; i < lead.Length; i++)
                lead[i] += (float)(hum * Math.Sin(2 * Math.PI * hz * i / _rateHz + phase));
        }
    }

    private void AddFaults()
    {
        var lead = _noise.Uniform() < 0.5 ? 0 : 1;
        switch (_kind)
        {
            case EcgKind.LeadOff:
                ElectrodeFaults.LoseContact(_leads[lead], _rateHz, _noise.Uniform(10, 40), 5, isDead: true, ref _noise);
                break;
            case EcgKind.Movement:
                lead = Math.Abs(_r[0]) > Math.Abs(_r[1]) ? 0 : 1;
                ElectrodeFaults.Move(_leads[lead], _rateHz, 3, ref _noise);
                ElectrodeFaults.Move(_leads[1 - lead], _rateHz, 0.25, ref _noise);
                break;
            case EcgKind.Pauses:
                foreach (var samples in _leads)
                    ElectrodeFaults.Tense(samples, _rateHz, _noise.Uniform(0.02, 0.07), ref _noise);
                break;
        }
    }
}
