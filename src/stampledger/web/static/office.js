// What a page can do beyond its links and forms. Every page works without it.
"use strict";
