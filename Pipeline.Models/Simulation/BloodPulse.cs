namespace Pipeline.Models.Simulation;

/// <summary>The pulse of a heart as a PPG sees it, from moment to moment; mean height of a pulse 1. To be begun anew each second.</summary>
/// <param name="heart">Whose it is.</param>
/// <param name="beat">The pulse that the last moment lay in; moved on.</param>
internal ref struct BloodPulse(HeartRhythm heart, ref long beat)
{
    /// <summary>Longest pulse; when no other has come by then, the vessels stand still.</summary>
    public const double LongestSeconds = 2;

    private readonly HeartRhythm _heart = heart;
    private readonly ref long _beat = ref beat;
    private double _foot, _nextFoot = double.NegativeInfinity;
    private float _height, _systole, _inSystole, _inDiastole;

    /// <summary>At a moment, not before the last one, when so many breaths were taken.</summary>
    public float At(double time, double breath)
    {
        if (time >= _nextFoot)
            Begin(time, breath);
        var since = (float)(time - _foot);
        var x = since < _systole ? since * _inSystole : WaveTables.Systole + (since - _systole) * _inDiastole;
        return _height * WaveTables.PpgPulse.At(x);
    }

    private void Begin(double time, double breath)
    {
        _beat = Math.Max(_beat, _heart.Oldest);   // after a silence
        while (_heart[_beat + 1].PpgFootSeconds <= time)
            _beat++;
        (_foot, _nextFoot) = (_heart[_beat].PpgFootSeconds, _heart[_beat + 1].PpgFootSeconds);
        _height = HeightOf(breath);
        var length = (float)Math.Min(_nextFoot - _foot, LongestSeconds);
        _systole = Math.Min(0.36f * MathF.Sqrt(length), 0.55f * length);   // ejection shortens less than the interval (Bazett's root)
        (_inSystole, _inDiastole) = (WaveTables.Systole / _systole, (1 - WaveTables.Systole) / (length - _systole));
    }

    /// <summary>Height of a pulse: it grows with the filling time before it, and an ectopic beat moves little blood.</summary>
    private readonly float HeightOf(double breath)
    {
        var filling = _heart.FillingBefore(_beat);
        return (float)Math.Clamp(0.6 + 0.5 * filling, 0.7, 1.25)
            * (_heart[_beat].IsEctopic ? 0.45f : 1) * (1 + 0.1f * WaveTables.Sine.Repeating(breath + 0.3));
    }
}
