using System.Runtime.Intrinsics;

namespace Pipeline.Models.Spectra;

/// <summary>
/// The passes of a Stockham transform on split real and imaginary parts: y[q + s (r p + k)] = w^(p k) sum_j x[q + s (p + m j)] exp(-2 pi i
/// j k / r) for p &lt; m, q &lt; s. Vectors run along q where the stride s holds a whole one; the first passes, with small strides, are
/// scalar.
/// </summary>
internal static unsafe class FftPasses
{
    private const int Lanes = 8;

    public static void Radix4(float* re, float* im, float* toRe, float* toIm, float* w, int groups, int stride)
    {
        var leg = groups * stride;
        for (var p = 0; p < groups; p++, w += 6)
        {
            float* r = re + p * stride, i = im + p * stride, tr = toRe + 4 * p * stride, ti = toIm + 4 * p * stride;
            if (stride >= Lanes)
                Butterflies4(r, i, tr, ti, w, leg, stride);
            else
                for (var q = 0; q < stride; q++)
                    Butterfly4(r + q, i + q, tr + q, ti + q, w, leg, stride);
        }
    }

    public static void Radix2(float* re, float* im, float* toRe, float* toIm, float* w, int groups, int stride)
    {
        var leg = groups * stride;
        for (var p = 0; p < groups; p++, w += 2)
            for (var q = p * stride; q < (p + 1) * stride; q++)
            {
                float dr = re[q] - re[q + leg], di = im[q] - im[q + leg];
                var to = q + p * stride;
                toRe[to] = re[q] + re[q + leg];
                toIm[to] = im[q] + im[q + leg];
                toRe[to + stride] = dr * w[0] - di * w[1];
                toIm[to + stride] = dr * w[1] + di * w[0];
            }
    }

    private static void Butterflies4(float* r, float* i, float* tr, float* ti, float* w, int leg, int stride)
    {
        Vector256<float> w1r = Vector256.Create(w[0]), w1i = Vector256.Create(w[1]);
        Vector256<float> w2r = Vector256.Create(w[2]), w2i = Vector256.Create(w[3]);
        Vector256<float> w3r = Vector256.Create(w[4]), w3i = Vector256.Create(w[5]);
        for (var q = 0; q < stride; q += Lanes)
        {
            Vector256<float> ar = Vector256.Load(r + q), ai = Vector256.Load(i + q);
            Vector256<float> br = Vector256.Load(r + q + leg), bi = Vector256.Load(i + q + leg);
            Vector256<float> cr = Vector256.Load(r + q + 2 * leg), ci = Vector256.Load(i + q + 2 * leg);
            Vector256<float> dr = Vector256.Load(r + q + 3 * leg), di = Vector256.Load(i + q + 3 * leg);
            Vector256<float> sumAcR = ar + cr, sumAcI = ai + ci, difAcR = ar - cr, difAcI = ai - ci;
            Vector256<float> sumBdR = br + dr, sumBdI = bi + di, difBdR = br - dr, difBdI = bi - di;
            (sumAcR + sumBdR).Store(tr + q);
            (sumAcI + sumBdI).Store(ti + q);
            Store(difAcR + difBdI, difAcI - difBdR, w1r, w1i, tr + q + stride, ti + q + stride);
            Store(sumAcR - sumBdR, sumAcI - sumBdI, w2r, w2i, tr + q + 2 * stride, ti + q + 2 * stride);
            Store(difAcR - difBdI, difAcI + difBdR, w3r, w3i, tr + q + 3 * stride, ti + q + 3 * stride);
        }
    }

    private static void Store(Vector256<float> r, Vector256<float> i, Vector256<float> wr, Vector256<float> wi, float* toRe, float* toIm)
    {
        (r * wr - i * wi).Store(toRe);
        (r * wi + i * wr).Store(toIm);
    }

    private static void Butterfly4(float* r, float* i, float* tr, float* ti, float* w, int leg, int stride)
    {
        float sumAcR = r[0] + r[2 * leg], sumAcI = i[0] + i[2 * leg], difAcR = r[0] - r[2 * leg], difAcI = i[0] - i[2 * leg];
        float sumBdR = r[leg] + r[3 * leg], sumBdI = i[leg] + i[3 * leg], difBdR = r[leg] - r[3 * leg], difBdI = i[leg] - i[3 * leg];
        tr[0] = sumAcR + sumBdR;
        ti[0] = sumAcI + sumBdI;
        Store(difAcR + difBdI, difAcI - difBdR, w[0], w[1], tr + stride, ti + stride);
        Store(sumAcR - sumBdR, sumAcI - sumBdI, w[2], w[3], tr + 2 * stride, ti + 2 * stride);
        Store(difAcR - difBdI, difAcI + difBdR, w[4], w[5], tr + 3 * stride, ti + 3 * stride);
    }

    private static void Store(float r, float i, float wr, float wi, float* toRe, float* toIm)
    {
        *toRe = r * wr - i * wi;
        *toIm = r * wi + i * wr;
    }
}
