using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Whether what is taken for the fetus may be the mother: the beats lie in hers, or both rates have been alike for 10 s, 20 s where the
/// fetal one is not certain: two hearts of one rate hide each other. It ends when the rates part; while the fetus is lost it stays for 30
/// s.
/// </summary>
internal sealed class Coincidence
{
    private const double Alike = 4, Apart = 6, FarApart = 9;    // per minute
    private const int ToEnd = 2, MostLost = 15;                 // windows
    private const int ToBegin = 10, IfCertain = 2;              // a window of an uncertain rate counts 1
    private int _alike, _apart, _lost;
    private bool _isOn;

    /// <summary>Takes a window; whether there is a coincidence.</summary>
    /// <param name="areHers">Whether the beats lie in hers.</param>
    /// <param name="mother">Her rate, NaN where it is not certain.</param>
    /// <param name="fetus">The rate of the beats that are taken for the fetus's, NaN where there is none.</param>
    /// <param name="isCertain">Whether that rate is the fetus's for certain.</param>
    public bool Next(bool areHers, double mother, double fetus, bool isCertain)
    {
        var difference = Math.Abs(mother - fetus);
        if (difference <= Alike)
            _alike = Math.Min(_alike + (isCertain ? IfCertain : 1), ToBegin);
        else
            _alike = isCertain || double.IsNaN(mother) ? 0 : Math.Max(0, _alike - 1);
        var certain = isCertain ? difference : double.NaN;
        _apart = certain > FarApart ? ToEnd : certain > Apart ? Math.Min(_apart + 1, ToEnd) : 0;
        _lost = double.IsNaN(certain) ? Math.Min(_lost + 1, MostLost) : 0;
        if (areHers || _alike >= ToBegin)
            _isOn = true;
        else if (_apart >= ToEnd || _lost >= MostLost)
            _isOn = false;
        return _isOn;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_alike, _apart, _lost, _isOn) = (0, 0, 0, false);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _alike, 0, ToBegin);
        state.Within(ref _apart, 0, ToEnd);
        state.Within(ref _lost, 0, MostLost);
        state.Value(ref _isOn);
    }
}
