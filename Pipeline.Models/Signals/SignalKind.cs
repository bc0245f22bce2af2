namespace Pipeline.Models.Signals;

/// <summary>What a channel measures. The numbers are those of the wire format: never renumber, only add.</summary>
public enum SignalKind
{
    /// <summary>Not known: carried, counted, never estimated from.</summary>
    Unknown = 0,

    /// <summary>Photoplethysmogram, any site and wavelength; arbitrary unit.</summary>
    Ppg = 1,

    /// <summary>One axis of an accelerometer; g or counts.</summary>
    Acc = 2,

    /// <summary>One axis of a gyroscope; degrees per second or counts.</summary>
    Gyr = 3,

    /// <summary>One lead of an adult electrocardiogram; mV.</summary>
    Ecg = 4,

    /// <summary>Invasive arterial blood pressure; mmHg.</summary>
    Abp = 5,

    /// <summary>Respiration (impedance or belt); arbitrary unit.</summary>
    Resp = 6,

    /// <summary>One abdominal lead that holds maternal and fetal ECG; µV or mV.</summary>
    FetalEcg = 7,

    /// <summary>Phonocardiogram; arbitrary unit.</summary>
    HeartSound = 8,

    /// <summary>Mean red, green or blue of a camera's region of interest; 0..255.</summary>
    Camera = 9,

    /// <summary>Central venous pressure; mmHg.</summary>
    Cvp = 10,

    /// <summary>Fetal heart rate as a cardiotocograph prints it; beats per minute.</summary>
    FetalHeartRate = 11,

    /// <summary>Uterine contraction; arbitrary unit.</summary>
    UterineActivity = 12,

    /// <summary>Fetal heart rate of the second of twins; beats per minute. Of two channels of <see cref="FetalHeartRate"/> the second one's
    /// output is named so, too.</summary>
    SecondFetalHeartRate = 13,
}
