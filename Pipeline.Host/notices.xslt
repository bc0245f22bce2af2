<?xml version="1.0" encoding="utf-8"?>
<!-- From a CycloneDX bill of materials to a text of what is shipped: package, licence, copyright, address. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:b="http://cyclonedx.org/schema/bom/1.7">
  <xsl:output method="text" encoding="utf-8" />
  <xsl:template match="/b:bom">
    <xsl:value-of select="concat('Third-party notices of ', b:metadata/b:component/b:name, ' ', b:metadata/b:component/b:version, '&#10;&#10;')" />
    <xsl:text>This program contains the following packages, each under its own licence. bom.xml has the same with hashes.&#10;</xsl:text>
    <xsl:for-each select="b:components/b:component[not(b:scope = 'excluded')]">
      <xsl:sort select="b:name" />
      <xsl:value-of select="concat('&#10;', b:name, ' ', b:version, '&#10;')" />
      <xsl:for-each select="b:licenses//b:id | b:licenses//b:name | b:licenses/b:expression | b:licenses//b:url[not(../b:id)]">
        <xsl:value-of select="concat('  Licence: ', ., '&#10;')" />
      </xsl:for-each>
      <xsl:if test="not(b:licenses)">  Licence: a file in the package&#10;</xsl:if>
      <xsl:if test="b:copyright">
        <xsl:value-of select="concat('  ', normalize-space(b:copyright), '&#10;')" />
      </xsl:if>
      <xsl:for-each select="b:externalReferences/b:reference[@type = 'website'][1]">
        <xsl:value-of select="concat('  ', b:url, '&#10;')" />
      </xsl:for-each>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
