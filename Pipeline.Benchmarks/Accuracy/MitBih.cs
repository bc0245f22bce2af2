using Pipeline.Models;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>The MIT-BIH arrhythmia database as it is split and labelled by de Chazal 2004 (doi:10.1109/TBME.2004.827359) and ANSI/AAMI EC57.</summary>
internal static class MitBih
{
    /// <summary>The records from which models are made.</summary>
    public static readonly string[] Ds1 =
    [
        "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230",
    ];

    /// <summary>EC57's class of a beat of a WFDB code.</summary>
    public static BeatLabel LabelOf(int code) => code switch
    {
        4 or 7 or 8 or 9 => BeatLabel.Supraventricular,
        5 or 10 or 41 => BeatLabel.Ventricular,
        6 => BeatLabel.Fusion,
        _ => new EcgBeat(0, code).IsNormal ? BeatLabel.Normal : BeatLabel.Unclassifiable,
    };
}
