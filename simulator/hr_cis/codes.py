"""CIS's codes and what an answer says with them (spec croatia 8.1 and 8.2).

Texts are in Croatian, as the authority's; the wording is this simulator's.
"""

# Of PorukaGreske and Poruka.
LONGEST = 500

_DIFFERS = "Podaci se razlikuju od prijavljenog računa ili račun nije prijavljen."

ERRORS = {
    "s001": "Poruka nije u skladu s XML shemom : {detail}",
    "s002": "Certifikat nije izdao prihvaćeni izdavatelj, istekao je ili je opozvan.",
    "s003": "Certifikat ne sadrži sve podatke potrebne za fiskalizaciju.",
    "s004": "Elektronički potpis poruke nije ispravan.",
    "s005": "OIB u poruci nije OIB iz certifikata.",
    "s006": "Sistemska pogreška pri obradi poruke.",
    "s007": "Način plaćanja mijenja se samo na dan izdavanja računa.",
    "s008": _DIFFERS,
    "s009": "Napojnica se dostavlja najkasnije dva dana od izdavanja računa.",
    "s010": _DIFFERS,
    "s011": "Podaci računa mijenjaju se samo na dan izdavanja računa.",
    "s012": _DIFFERS,
    "s013": "Račun ima restriktivne pogreške: {detail}",
    "s101": "Poslovni prostor nije prijavljen ili nije potvrđen.",
    "s103": "Datum početka mora biti od 1 do 45 dana nakon današnjeg.",
    "s107": "Isto radno vrijeme već je prijavljeno.",
    "s110": "Radno vrijeme nije prijavljeno.",
    "s114": "Prvi dio dvokratnog radnog vremena završava najkasnije u 23:58.",
    "s120": "Iznimka čiji je datum prošao ne može se obrisati.",
}

MESSAGES = {
    "p001": "Uspješna promjena načina plaćanja.",
    "p002": "Uspješna prijava napojnice.",
    "p003": "Uspješna prijava radnog vremena.",
    "p004": "Uspješno brisanje radnog vremena.",
    "p005": "Uspješna promjena podataka računa.",
}

CHECK_PASSED = ("v100", "Poruka je ispravna.")

RULES = {
    "v101": "Vrijeme slanja razlikuje se od vremena obrade više od 6 sati.",
    "v103": "Vrijeme izdavanja više je od 6 sati nakon vremena obrade.",
    "v104": "Vrijeme izdavanja je nakon vremena slanja.",
    "v105": "Broj računa je 0.",
    "v106": "Broj računa ima više od 6 znamenki.",
    "v110": "Stopa PDV-a nije propisana.",
    "v112": "Zbroj osnovica PDV-a veći je od ukupnog iznosa.",
    "v113": "Zbroj osnovica PDV-a manji je od ukupnog iznosa.",
    "v114": "Zbroj osnovica PDV-a drugog je predznaka od ukupnog iznosa.",
    "v117": "Stopa poreza na potrošnju manja je od 0.",
    "v118": "Stopa poreza na potrošnju veća je od 3.",
    "v120": "Zbroj osnovica poreza na potrošnju veći je od ukupnog iznosa.",
    "v121": "Zbroj osnovica poreza na potrošnju manji je od ukupnog iznosa.",
    "v122": "Zbroj osnovica poreza na potrošnju drugog je predznaka od ukupnog iznosa.",
    "v125": "Ostali porezi nisu 0.",
    "v126": "Oslobođeni iznos veći je od ukupnog iznosa.",
    "v127": "Oslobođeni iznos manji je od ukupnog iznosa.",
    "v128": "Oslobođeni iznos drugog je predznaka od ukupnog iznosa.",
    "v129": "Iznos marže veći je od ukupnog iznosa.",
    "v130": "Iznos marže manji je od ukupnog iznosa.",
    "v131": "Iznos marže drugog je predznaka od ukupnog iznosa.",
    "v132": "Neoporezivi iznos veći je od ukupnog iznosa.",
    "v133": "Neoporezivi iznos manji je od ukupnog iznosa.",
    "v134": "Neoporezivi iznos drugog je predznaka od ukupnog iznosa.",
    "v141": "Specifična namjena je popunjena.",
    "v142": "Izdavatelj nije u sustavu PDV-a, a račun ima PDV.",
    "v143": "Izdavatelj nije u sustavu PDV-a, a račun ima oslobođeni iznos.",
    "v144": "Izdavatelj nije u sustavu PDV-a, a račun ima iznos marže.",
    "v145": "Izdavatelj nije u sustavu PDV-a, a račun ima neoporezivi iznos.",
    "v152": "Račun je dostavljen više od 2 dana nakon izdavanja.",
    "v153": "Račun je dostavljen više od 5 dana nakon izdavanja.",
    "160": "Iznos PDV-a manji je od umnoška osnovice i stope.",
    "161": "Iznos PDV-a veći je od umnoška osnovice i stope.",
    "162": "Iznos poreza na potrošnju manji je od umnoška osnovice i stope.",
    "163": "Iznos poreza na potrošnju veći je od umnoška osnovice i stope.",
    "164": "Naknada je veća od dopuštene.",
    "165": "Naknada je manja od dopuštene.",
    "166": "Ukupni iznos nije zbroj iznosa na računu.",
    "167": "Ukupni iznos izvan je granica za način plaćanja T ili O.",
    "168": "Ukupni iznos izvan je granica za način plaćanja G ili K.",
    "176": "Račun je izdan prije više od 30 dana.",
    "177": "Račun je izdan u budućnosti.",
    "178": "Broj računa je 0.",
    "179": "OIB operatera nije ispravan.",
    "180": "OIB primatelja nije ispravan.",
    "181": "OIB primatelja nije dopušten uz ovaj način plaćanja.",
    "185": "Ukupni iznos plaćen gotovinom veći je od dopuštenog.",
}


def error(code: str, detail: str = "") -> tuple[str, str]:
    """A code of :data:`ERRORS` with its text, no longer than the schema allows."""
    return code, ERRORS[code].format(detail=detail)[:LONGEST]
