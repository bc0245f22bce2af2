using Microsoft.Extensions.FileProviders;

namespace Pipeline.Host.Web;

/// <summary>The pages for people: <c>/</c> (the ward), <c>/patient.html?patient=PID</c>, <c>/ctg.html?patient=PID</c>. Files that lie beside the program; they call <c>/api</c> and nothing else.</summary>
internal static class PageEndpoints
{
    /// <summary>Name of the files' folder.</summary>
    private const string Folder = "pages";

    // Nothing from elsewhere, no script in the text, no frame of a stranger around it.
    private const string Policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Serves them, and says in every answer what a browser may do with it.</summary>
    public static void UsePages(this WebApplication application)
    {
        application.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers.XFrameOptions = "DENY";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            if (context.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000";
            if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal))
                headers.CacheControl = "no-store";
            return next(context);
        });
        var files = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, Folder));
        application.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files, DefaultFileNames = ["ward.html"] });
        application.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            // A newer program's pages are there after the next load.
            OnPrepareResponse = answer => answer.Context.Response.Headers.CacheControl = "no-cache",
        });
    }
}
